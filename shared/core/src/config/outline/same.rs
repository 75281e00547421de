//! What two texts begin and end with.

use std::ops::Range;

/// How many bytes are compared at once.
const CHUNK: usize = 4_096;

/// How many bytes two texts have in common at their beginning, and behind that at their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Same {
    pub(in super::super) start: usize,
    pub(in super::super) end: usize,
}

impl Same {
    /// Compares two texts.
    pub(in super::super) fn of(one: &str, other: &str) -> Self {
        let (one, other) = (one.as_bytes(), other.as_bytes());
        let start = same_start(one, other);
        let rests = (one.get(start..).unwrap_or_default(), other.get(start..).unwrap_or_default());
        Self { start, end: same_end(rests.0, rests.1) }
    }

    /// Whether these ranges of the two texts, which have so many bytes, lie in what is the same, and are the same there.
    pub(in super::super) fn holds(
        &self,
        (one, one_len): (Range<usize>, usize),
        (other, other_len): (Range<usize>, usize),
    ) -> bool {
        let at_start = one == other && one.end <= self.start;
        let from_end = |range: &Range<usize>, len: usize| {
            Some((len.checked_sub(range.start)?, len.checked_sub(range.end)?))
        };
        let at_end = || {
            let place = from_end(&one, one_len);
            place == from_end(&other, other_len) && place.is_some_and(|(start, _)| start <= self.end)
        };
        at_start || at_end()
    }
}

fn same_start(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.chunks(CHUNK).zip(other.chunks(CHUNK));
    let whole = pairs.take_while(|(one, other)| one == other).map(|(chunk, _)| chunk.len()).sum();
    let rest = one.iter().skip(whole).zip(other.iter().skip(whole));
    whole + rest.take_while(|(one, other)| one == other).count()
}

fn same_end(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.rchunks(CHUNK).zip(other.rchunks(CHUNK));
    let whole = pairs.take_while(|(one, other)| one == other).map(|(chunk, _)| chunk.len()).sum();
    let rest = one.iter().rev().skip(whole).zip(other.iter().rev().skip(whole));
    whole + rest.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_found_once() {
        for (one, other, start, end) in [
            ("abcxde", "abcyyde", 3, 2),
            ("aaa", "aa", 2, 0),
            ("", "a", 0, 0),
            ("ab", "ab", 2, 0),
            ("xb", "yb", 0, 1),
        ] {
            assert_eq!(Same::of(one, other), Same { start, end }, "{one} {other}");
        }
        let long = |middle: &str| format!("{}{middle}{}", "s".repeat(10_000), "e".repeat(10_000));
        assert_eq!(Same::of(&long("12"), &long("3")), Same { start: 10_000, end: 10_000 });
    }

    #[test]
    fn only_ranges_in_it_are_held() {
        let (one, other) = ("abcxdefg", "abcyydefg");
        let same = Same::of(one, other);
        for a in 0..=one.len() {
            for b in a..=one.len() {
                for c in 0..=other.len() {
                    for d in c..=other.len() {
                        if same.holds((a..b, one.len()), (c..d, other.len())) {
                            assert_eq!(one[a..b], other[c..d]);
                        }
                    }
                }
            }
        }
        assert!(same.holds((0..3, 8), (0..3, 9)) && same.holds((4..8, 8), (5..9, 9)));
        assert!(!same.holds((2..4, 8), (2..4, 9)) && !same.holds((3..8, 8), (4..9, 9)));
    }
}
