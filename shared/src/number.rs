//! Whole numbers as JSON has them: `7.0` and `7e0` are as whole as `7` (JSON Schema 2020-12, section 6.1.1), and some
//! clients write them so.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Above this a 64-bit float does not tell whole numbers apart: 2⁵³.
const EXACT: f64 = 9_007_199_254_740_992.0;

struct Whole;

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        u64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and in bounds"
            )]
            return Ok(number as u64);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

/// Reads a whole number.
///
/// # Errors
/// Those of the deserializer; and when it is negative, or no whole number.
pub fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    from.deserialize_u64(Whole)
}

/// Reads a whole number out of an untagged enum: serde has read it ahead there, and gives a float only where any value
/// is asked for.
///
/// # Errors
/// As for [`whole()`].
pub fn whole_ahead<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    from.deserialize_any(Whole)
}

/// Reads a whole number of a smaller type.
///
/// # Errors
/// As for [`whole()`]; and when it is too large for the type.
pub fn small<'de, D: Deserializer<'de>, N: TryFrom<u64>>(from: D) -> Result<N, D::Error> {
    let number = whole(from)?;
    N::try_from(number)
        .map_err(|_| D::Error::invalid_value(Unexpected::Unsigned(number), &"a smaller number"))
}

#[cfg(test)]
mod tests {
    use crate::id::{Version, VersionRef};

    #[test]
    fn a_whole_number_is_one_however_it_is_spelt() {
        let seven: Version = "7".parse().unwrap();
        for text in ["7", "7.0", "7e0", "0.7e1"] {
            assert_eq!(serde_json::from_str::<Version>(text).unwrap(), seven, "{text}");
            assert_eq!(
                serde_json::from_str::<VersionRef>(text).unwrap(),
                VersionRef::Number(seven),
                "{text}"
            );
        }
        for text in ["7.5", "-7.0", "-7", "1e300", "\"7.0\"", "null", "true"] {
            assert!(serde_json::from_str::<Version>(text).is_err(), "{text}");
        }
    }
}
