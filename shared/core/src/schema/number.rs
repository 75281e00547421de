//! Numbers by their exact amount, as their text has it: 40-digit integers and `1e400` compare right.

use std::cmp::Ordering;

use crate::config::value::Decimal;

/// An exponent that stands for all whose text has more than 38 digits.
const BEYOND: i128 = i128::MAX / 4;

/// Most digits of a number that others are to be a multiple of.
const MOST_DIGITS: usize = 18;

/// Reads a number. One whose exponent has over 38 digits counts as one of `10^(2^125)` or its inverse.
fn decimal(text: &str) -> Option<Decimal<'_>> {
    Decimal::of(text).or_else(|| {
        let (amount, exponent) = text.split_once(['e', 'E'])?;
        let exponent = if exponent.starts_with('-') { -BEYOND } else { BEYOND };
        let mut decimal = Decimal::of(amount)?;
        decimal.exponent = exponent;
        Some(decimal)
    })
}

/// Compares two numbers.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (Some(a), Some(b)) = (decimal(a), decimal(b)) else { return Ordering::Equal };
    let sign = |number: &Decimal<'_>| match (number.is_zero(), number.negative) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    };
    let signs = sign(&a).cmp(&sign(&b));
    if signs != Ordering::Equal || a.is_zero() {
        return signs;
    }
    let amounts = a.exponent.cmp(&b.exponent).then_with(|| a.digits().cmp(b.digits()));
    if a.negative { amounts.reverse() } else { amounts }
}

/// Whether a number has no fraction: `1.0` and `1e2` have none.
pub(super) fn is_integer(text: &str) -> bool {
    decimal(text).is_some_and(|number| integer(&number))
}

fn integer(number: &Decimal<'_>) -> bool {
    i128::try_from(number.digits().count()).is_ok_and(|digits| number.is_zero() || number.exponent >= digits)
}

/// A number that counts something: an integer, not negative. Those over [`u64`] count as its largest.
pub(super) fn count(text: &str) -> Option<u64> {
    let number = decimal(text).filter(|number| !number.negative && integer(number))?;
    let zeros = number.exponent - i128::try_from(number.digits().count()).ok()?;
    if number.exponent > 19 {
        return Some(u64::MAX);
    }
    let amount = number.digits().fold(0_u64, |sum, digit| append(sum, u64::from(digit - b'0')));
    Some((0..zeros.max(0)).fold(amount, |sum, _| append(sum, 0)))
}

fn append(sum: u64, digit: u64) -> u64 {
    sum.saturating_mul(10).saturating_add(digit)
}

/// What numbers are to be a multiple of: an integer × a power of ten.
#[derive(Clone, Copy)]
pub(super) struct Factor {
    integer: u128,
    exponent: i128,
}

impl Factor {
    /// `None` for what is not above zero, or has more than 18 digits between its zeros.
    pub(super) fn of(text: &str) -> Option<Self> {
        let number = decimal(text).filter(|number| !number.negative && !number.is_zero())?;
        let digits = number.digits().count();
        if digits > MOST_DIGITS {
            return None;
        }
        let integer = number.digits().fold(0_u128, |sum, digit| sum * 10 + u128::from(digit - b'0'));
        Some(Self { integer, exponent: number.exponent - i128::try_from(digits).ok()? })
    }

    /// Whether the number is a multiple of it, exactly.
    pub(super) fn divides(self, text: &str) -> bool {
        let Some(number) = decimal(text) else { return false };
        if number.is_zero() {
            return true;
        }
        let Ok(digits) = i128::try_from(number.digits().count()) else { return false };
        let zeros = number.exponent - digits - self.exponent;
        // The last digit of it is not zero, so that no power of ten divides it.
        if zeros < 0 {
            return false;
        }
        let rest =
            number.digits().fold(0, |rest, digit| (rest * 10 + u128::from(digit - b'0')) % self.integer);
        (rest * power_of_ten(zeros, self.integer)).is_multiple_of(self.integer)
    }
}

/// 10^`exponent` modulo `modulus`, which is below 10^18.
fn power_of_ten(mut exponent: i128, modulus: u128) -> u128 {
    let (mut power, mut base) = (1 % modulus, 10 % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    power
}
