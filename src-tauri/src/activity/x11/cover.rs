//! What of an area is left uncovered by others: plain geometry.

/// A rectangle of the screen, in pixels. Half-open: it reaches up to, but not into,
/// `right` and `bottom`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    /// The first column.
    pub(super) left: i32,
    /// The first row.
    pub(super) top: i32,
    /// The first column that is not in it.
    pub(super) right: i32,
    /// The first row that is not in it.
    pub(super) bottom: i32,
}

impl Rect {
    /// A rectangle by its corner and size.
    #[must_use]
    pub(super) fn at(left: i32, top: i32, width: u16, height: u16) -> Self {
        Self {
            left,
            top,
            right: left.saturating_add(i32::from(width)),
            bottom: top.saturating_add(i32::from(height)),
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub(super) const fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    /// What both have in common; may be empty.
    #[must_use]
    pub(super) fn intersect(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// Whether both have anything in common.
    #[must_use]
    pub(super) fn meets(self, other: Self) -> bool {
        !self.intersect(other).is_empty()
    }

    /// The rectangle, moved.
    #[must_use]
    pub(super) fn moved(self, right: i32, down: i32) -> Self {
        Self {
            left: self.left.saturating_add(right),
            top: self.top.saturating_add(down),
            right: self.right.saturating_add(right),
            bottom: self.bottom.saturating_add(down),
        }
    }

    /// The pieces that are left when `cover` is cut out: at most four.
    fn without(self, cover: Self) -> impl Iterator<Item = Self> {
        let hole = self.intersect(cover);
        let pieces = if hole.is_empty() {
            [self, Self::NONE, Self::NONE, Self::NONE]
        } else {
            let above = Self {
                bottom: hole.top,
                ..self
            };
            let below = Self {
                top: hole.bottom,
                ..self
            };
            let beside = Self {
                top: hole.top,
                bottom: hole.bottom,
                ..self
            };
            let left = Self {
                right: hole.left,
                ..beside
            };
            let right = Self {
                left: hole.right,
                ..beside
            };
            [above, below, left, right]
        };
        pieces.into_iter().filter(|piece| !piece.is_empty())
    }

    const NONE: Self = Self {
        left: 0,
        top: 0,
        right: 0,
        bottom: 0,
    };
}

/// Whether anything of `area` is in none of `covers`.
#[must_use]
pub(super) fn can_be_seen(area: &[Rect], covers: &[Rect]) -> bool {
    let mut left: Vec<Rect> = area.iter().copied().filter(|r| !r.is_empty()).collect();
    for cover in covers {
        if left.is_empty() {
            return false;
        }
        left = left
            .iter()
            .flat_map(|piece| piece.without(*cover))
            .collect();
    }
    !left.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The side of the screen of these tests: small, so that every pixel can be tried.
    const SIDE: i32 = 12;

    fn rect() -> impl Strategy<Value = Rect> {
        (-2..SIDE, -2..SIDE, 0_u16..9, 0_u16..9).prop_map(|(x, y, w, h)| Rect::at(x, y, w, h))
    }

    fn holds(rect: Rect, x: i32, y: i32) -> bool {
        (rect.left..rect.right).contains(&x) && (rect.top..rect.bottom).contains(&y)
    }

    /// The same question, pixel by pixel.
    fn some_pixel_is_left(area: &[Rect], covers: &[Rect]) -> bool {
        let range = -4..SIDE + 12;
        range.clone().any(|x| {
            range.clone().any(|y| {
                area.iter().any(|r| holds(*r, x, y)) && !covers.iter().any(|r| holds(*r, x, y))
            })
        })
    }

    proptest! {
        #[test]
        fn it_says_what_every_pixel_says(
            area in prop::collection::vec(rect(), 0..3),
            covers in prop::collection::vec(rect(), 0..12),
        ) {
            prop_assert_eq!(can_be_seen(&area, &covers), some_pixel_is_left(&area, &covers));
        }

        #[test]
        fn one_more_cover_never_uncovers(
            area in prop::collection::vec(rect(), 0..3),
            covers in prop::collection::vec(rect(), 0..12),
            more in rect(),
        ) {
            let mut with_more = covers.clone();
            with_more.push(more);
            prop_assert!(can_be_seen(&area, &covers) || !can_be_seen(&area, &with_more));
        }

        #[test]
        fn the_order_of_covers_does_not_matter(
            area in prop::collection::vec(rect(), 0..3),
            covers in prop::collection::vec(rect(), 0..12),
        ) {
            let mut reversed = covers.clone();
            reversed.reverse();
            prop_assert_eq!(can_be_seen(&area, &covers), can_be_seen(&area, &reversed));
        }

        #[test]
        fn pieces_are_the_area_without_the_hole_and_do_not_overlap(area in rect(), cover in rect()) {
            let pieces: Vec<Rect> = area.without(cover).collect();
            for x in -4..SIDE + 12 {
                for y in -4..SIDE + 12 {
                    let count = pieces.iter().filter(|piece| holds(**piece, x, y)).count();
                    let expected = holds(area, x, y) && !holds(cover, x, y);
                    prop_assert_eq!(count, usize::from(expected), "at {}, {}", x, y);
                }
            }
        }
    }

    #[test]
    fn two_halves_cover_and_a_gap_of_one_pixel_does_not() {
        let window = [Rect::at(100, 100, 800, 600)];
        let left = Rect::at(0, 0, 500, 900);
        assert!(!can_be_seen(&window, &[left, Rect::at(500, 50, 500, 700)]));
        assert!(can_be_seen(&window, &[left, Rect::at(501, 50, 500, 700)]));
    }

    #[test]
    fn geometry_beyond_every_screen_is_no_trouble() {
        let far = Rect::at(i32::MAX - 1, i32::MIN, u16::MAX, u16::MAX);
        assert!(can_be_seen(&[far], &[far.moved(i32::MAX, i32::MIN)]) || far.is_empty());
        assert!(!can_be_seen(&[far], &[far]));
    }
}
