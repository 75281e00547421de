//! When a small config gets a new keyframe although its delta would fit in the entry.
//!
//! Deltas grow with every edit since their keyframe, and what a delta has more than one against the config that is saved over is paid
//! again by every entry until there is a new keyframe, which has a price too: its object. Best is to renew about when the excess
//! that was paid has come to that price. No entry records what was paid, so chance stands in for it: every save renews with the
//! probability of excess / price. The excess that is paid until then is at most one price in expectation, whatever the edits are, as
//! long as the price stays the same: the probabilities that are met add up to at most 1 in expectation. What leads back to
//! the keyframe and forth again has no excess, and never renews.
//!
//! The draw is of the text and the entry that it is saved over: a save that is tried again comes to the same keyframe, and another
//! save of the same text draws anew.

use crate::config::Config;
use crate::delta::{self, DeltaError};
use crate::entry::Entry;

/// Up to this many bytes of text a keyframe may be renewed, as far as nothing is made ready ahead of a save. The delta of a larger one
/// is over [`delta::MAX_DELTA`] about as soon as the excess would come to an object.
const SMALL: usize = super::ahead::LARGE;

/// A text that compresses better than this is not renewed as often as it could be: what it compresses to is not tried without the
/// chance of that. Real configs come to a quarter or a thirteenth.
const BEST_RATIO: usize = 16;

/// Least price of a keyframe, in bytes of entries: its PUT has a price of its own, however small the object is.
const LEAST_PRICE: usize = 1_024;

/// Whether `new` is to be a keyframe of its own, saved over `before`, the config of `head`, with a delta of so many bytes against the
/// present one.
///
/// # Errors
/// When zstd cannot (out of memory).
pub(super) fn is_due(new: &Config, before: &Config, head: &Entry, delta: usize) -> Result<bool, DeltaError> {
    let text = new.text().as_bytes();
    let chance = Chance::of(new, head);
    let is_small = text.len().max(before.len()) < SMALL;
    if !is_small || !chance.is_in(delta, LEAST_PRICE.max(text.len() / BEST_RATIO)) {
        return Ok(false);
    }
    let price = LEAST_PRICE.max(delta::compress(text)?.len());
    if !chance.is_in(delta, price) {
        return Ok(false);
    }
    let fresh = delta::encode(before.text().as_bytes(), text, delta)?;
    Ok(fresh.is_some_and(|fresh| chance.is_in(delta - fresh.len(), price)))
}

/// A number that is drawn by a text and the entry that it is saved over: as good as random, and always the same.
#[derive(Clone, Copy)]
struct Chance(u32);

impl Chance {
    fn of(config: &Config, head: &Entry) -> Self {
        let [a, b, c, d, ..] = *config.sha256().as_bytes();
        // The low bits of a version 4 UUID are random (RFC 9562, section 5.4).
        Self(u32::from_be_bytes([a, b, c, d]) ^ head.write.as_u128() as u32)
    }

    /// True with the probability of `part` / `whole`.
    fn is_in(self, part: usize, whole: usize) -> bool {
        u128::from(self.0) * (whole as u128) < (part as u128) << u32::BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(part: usize, whole: usize) -> f64 {
        let draws = 10_000_u32;
        // Evenly over all that can be drawn.
        let hit = (0..draws).filter(|n| Chance(n * (u32::MAX / draws)).is_in(part, whole));
        hit.count() as f64 / f64::from(draws)
    }

    #[test]
    fn a_chance_is_part_of_whole() {
        assert_eq!(share(0, 2_000), 0.0);
        assert_eq!(share(2_000, 2_000), 1.0);
        assert_eq!(share(5, 0), 1.0);
        for (part, whole) in [(100, 2_000), (1_000, 2_000), (1_900, 2_000)] {
            let wanted = part as f64 / whole as f64;
            assert!((share(part, whole) - wanted).abs() < 0.002, "{part} of {whole}");
        }
        assert!(!Chance(0).is_in(0, 2_000) && Chance(u32::MAX).is_in(2_000, 2_000));
    }
}
