//! Equality of JSON values as texts, without converting numbers: 40-digit integers and `1e400` compare right.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hasher;

use super::span::{self, Kind, Member, WHITE_SPACE, elements, kind, members, unescaped};

#[cfg(test)]
mod tests;

/// Bytes that one comparison may scan, about three seconds. Each level that differs is scanned once more, and a
/// config that needs this much is 30 MB nested 30 levels deep, all the way different in its text.
pub(super) const MAX_WORK: usize = 1024 * 1024 * 1024;

/// Whether two JSON texts have the same value (RFC 6902, section 4.6): objects without regard to order,
/// numbers by their amount (`1` = `1.0` = `10e-1`, `-0` = `0`), strings after unescaping.
///
/// Both must be JSON without duplicate keys; otherwise only equal texts are equal. So are texts whose comparison
/// would take more than about three seconds.
pub fn equal(a: &str, b: &str) -> bool {
    equal_within(a, b, &mut { MAX_WORK })
}

/// [`equal`], using up `work`, in bytes scanned.
pub(super) fn equal_within(a: &str, b: &str, work: &mut usize) -> bool {
    let (a, b) = (a.trim_matches(WHITE_SPACE), b.trim_matches(WHITE_SPACE));
    if a == b {
        return true;
    }
    match (kind(a), kind(b)) {
        (Kind::Object, Kind::Object) => objects_equal(a, b, work).unwrap_or(false),
        (Kind::Array, Kind::Array) => arrays_equal(a, b, work).unwrap_or(false),
        (Kind::String, Kind::String) => unescaped(a) == unescaped(b),
        (Kind::Number, Kind::Number) => match (Decimal::of(a), Decimal::of(b)) {
            (Some(a), Some(b)) => a.equals(&b),
            _ => false,
        },
        _ => false,
    }
}

/// Gives `hasher` the amount of a number: the same for all texts of equal numbers.
pub(crate) fn hash_number(text: &str, hasher: &mut impl Hasher) {
    let Some(decimal) = Decimal::of(text) else {
        hasher.write(text.as_bytes());
        return;
    };
    match (decimal.whole, decimal.fraction) {
        (digits, "") | ("", digits) => hasher.write(digits.as_bytes()),
        (whole, fraction) => hasher.write([whole, fraction].concat().as_bytes()),
    }
    hasher.write_u8(u8::from(decimal.negative));
    hasher.write_i128(decimal.exponent);
}

/// Takes the scanning of two texts out of `work`.
pub(super) fn spend(work: &mut usize, a: &str, b: &str) -> Result<(), span::Unexpected> {
    *work = work.checked_sub(a.len().saturating_add(b.len())).ok_or(span::Unexpected)?;
    Ok(())
}

fn objects_equal(a: &str, b: &str, work: &mut usize) -> Result<bool, span::Unexpected> {
    spend(work, a, b)?;
    let (a, b) = (members(a)?, members(b)?);
    if a.len() != b.len() {
        return Ok(false);
    }
    let b: HashMap<Cow<'_, [u8]>, &str> = b.iter().map(|member| (member.key(), member.value.get())).collect();
    let mut same = |member: &Member<'_>, value: &str| equal_within(member.value.get(), value, work);
    Ok(a.iter().all(|member| b.get(&member.key()).is_some_and(|value| same(member, value))))
}

fn arrays_equal(a: &str, b: &str, work: &mut usize) -> Result<bool, span::Unexpected> {
    spend(work, a, b)?;
    let (a, b) = (elements(a)?, elements(b)?);
    Ok(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| equal_within(a.get(), b.get(), work)))
}

/// A number as 0.digits × 10^exponent, its digits without zeros at either end. Zero has no digits.
pub(crate) struct Decimal<'a> {
    /// Whether it is below zero.
    pub(crate) negative: bool,
    whole: &'a str,
    fraction: &'a str,
    /// The power of ten.
    pub(crate) exponent: i128,
}

impl<'a> Decimal<'a> {
    /// `None` when the exponent has more than 38 digits: such numbers are equal only as texts.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (amount, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let whole = whole.trim_start_matches('0');
        let mut fraction = fraction.trim_end_matches('0');
        let mut shift = i128::try_from(whole.len()).ok()?;
        let mut digits = whole;
        if whole.is_empty() {
            let significant = fraction.trim_start_matches('0');
            shift = -i128::try_from(fraction.len() - significant.len()).ok()?;
            fraction = significant;
        } else if fraction.is_empty() {
            digits = whole.trim_end_matches('0');
        }
        if digits.is_empty() && fraction.is_empty() {
            return Some(Self { negative: false, whole: "", fraction: "", exponent: 0 });
        }
        let exponent = exponent.parse::<i128>().ok()?.checked_add(shift)?;
        Some(Self { negative, whole: digits, fraction, exponent })
    }

    fn equals(&self, other: &Self) -> bool {
        self.negative == other.negative && self.exponent == other.exponent && self.digits().eq(other.digits())
    }

    /// Its digits, in ASCII.
    pub(crate) fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    /// Whether it is zero.
    pub(crate) fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }
}
