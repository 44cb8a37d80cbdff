//! Reading what others write: JavaScript clients, other versions, other vendors.

use serde::{Deserialize, Deserializer};
use serde_json::Number;

/// An absent member and a `null` one are the same. (With `#[serde(default)]`.)
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A whole number written by JavaScript, where all numbers are floating-point: what
/// is after the point is dropped, negative and absent ones are 0, too large ones
/// the largest.
pub(crate) fn whole_number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64> + Bounded,
{
    let number = Option::<Number>::deserialize(deserializer)?;
    Ok(number.map_or(T::LEAST, |number| truncated(&number)))
}

/// As [`whole_number`], but an absent number stays absent. (With `#[serde(default)]`.)
pub(crate) fn optional_whole_number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64> + Bounded,
{
    let number = Option::<Number>::deserialize(deserializer)?;
    Ok(number.map(|number| truncated(&number)))
}

/// The ends of an integer type.
pub(crate) trait Bounded {
    const LEAST: Self;
    const MOST: Self;
}

macro_rules! bounded {
    ($($type:ty)*) => {
        $(impl Bounded for $type {
            const LEAST: Self = Self::MIN;
            const MOST: Self = Self::MAX;
        })*
    };
}

bounded!(u16 u32 u64);

fn truncated<T: TryFrom<u64> + Bounded>(number: &Number) -> T {
    let whole = match (number.as_u64(), number.as_f64()) {
        (Some(whole), _) => whole,
        (None, Some(float)) => saturating(float),
        (None, None) => 0,
    };
    T::try_from(whole).unwrap_or(T::MOST)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates: that is meant
fn saturating(float: f64) -> u64 {
    float as u64
}
