//! JSON in its canonical form (RFC 8785), so that a signature is over the same bytes
//! whoever writes them. Of numbers only integers that every JSON reader keeps exactly.

use serde_json::Value;

/// Beyond ±2^53 - 1 readers that know only doubles would change an integer.
const LARGEST: i64 = (1 << 53) - 1;
/// Deeper values are refused: nothing that is signed has so many levels.
const DEPTH: usize = 64;

/// Why a value has no canonical form here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalJsonError {
    /// A number is no integer, or too large.
    #[error("only whole numbers up to 2^53 can be written canonically")]
    Number,
    /// Objects and arrays are nested too deeply.
    #[error("the value is nested too deeply")]
    Depth,
}

/// The canonical bytes of a value.
///
/// # Errors
/// For numbers that are not integers of at most 53 bits, and for more than 64 levels.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, CanonicalJsonError> {
    let mut bytes = Vec::new();
    write(value, DEPTH, &mut bytes)?;
    Ok(bytes)
}

fn write(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), CanonicalJsonError> {
    let inside = || depth.checked_sub(1).ok_or(CanonicalJsonError::Depth);
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => {
            // Its escapes are the ones of the RFC.
            out.extend_from_slice(value.to_string().as_bytes());
        }
        Value::Number(number) => {
            let integer = number.as_i64().filter(|n| (-LARGEST..=LARGEST).contains(n));
            let integer = integer.ok_or(CanonicalJsonError::Number)?;
            out.extend_from_slice(integer.to_string().as_bytes());
        }
        Value::Array(values) => {
            let depth = inside()?;
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(value, depth, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let depth = inside()?;
            let mut members: Vec<_> = members.iter().collect();
            // The RFC's order is that of UTF-16 code units.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(&Value::String(name.clone()), depth, out)?;
                out.push(b':');
                write(value, depth, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(to_vec(value).unwrap()).unwrap()
    }

    #[test]
    fn members_are_in_the_order_of_utf_16() {
        // The RFC's own example, but for its values.
        let value = json!({
            "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7
        });
        assert_eq!(
            text(&value),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn text_is_escaped_as_little_as_possible() {
        let value = json!("\u{20ac}$\u{f}\nA'B\"\\\"/\u{7f}\u{8}\u{c}\t");
        assert_eq!(
            text(&value),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\"/\u{7f}\\b\\f\\t\""
        );
    }

    #[test]
    fn what_readers_would_change_is_refused() {
        assert_eq!(
            text(&json!([0, -1, 9_007_199_254_740_991_i64, null, true, {}])),
            "[0,-1,9007199254740991,null,true,{}]"
        );
        for number in [
            json!(1.5),
            json!(9_007_199_254_740_992_i64),
            json!(u64::MAX),
        ] {
            assert_eq!(to_vec(&number), Err(CanonicalJsonError::Number));
        }
        let mut deep = json!(0);
        for _ in 0..65 {
            deep = json!([deep]);
        }
        assert_eq!(to_vec(&deep), Err(CanonicalJsonError::Depth));
    }
}
