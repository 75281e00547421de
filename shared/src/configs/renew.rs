//! When a small config gets a new keyframe although its delta would fit in the entry.
//!
//! Deltas grow with every edit since their keyframe, and what a delta has more than one against the config that is saved over is paid
//! again by every entry until there is a new keyframe, which has a price too: its object. Best is to renew when the excess that
//! was paid has come to that price. No entry records what was paid, so chance stands in for it: every save renews with the
//! probability of excess / object. The excess that is paid until then is one object in expectation, whatever the edits are
//! (by the optional stopping theorem: the probabilities that were met add up to 1 in expectation). Edits that lead back and
//! forth have no excess, and never renew.
//!
//! The chance lies in the hash of the text: a save that is tried again comes to the same keyframe.

use crate::config::Config;
use crate::delta::{self, DeltaError};

/// Up to this many bytes of text a keyframe may be renewed, as far as nothing is made ready ahead of a save. The delta of a larger one
/// is over [`delta::MAX_DELTA`] about as soon as the excess would come to an object.
const SMALL: usize = super::ahead::LARGE;

/// A text that compresses better than this is not renewed as often as it could be: what it compresses to is not tried without the
/// chance of that. Real configs come to a quarter or a thirteenth.
const BEST_RATIO: usize = 16;

/// Whether `new` is to be a keyframe of its own, saved over `before`, with a delta of so many bytes against the present one.
///
/// # Errors
/// When zstd cannot (out of memory).
pub(super) fn is_due(new: &Config, before: &Config, delta: usize) -> Result<bool, DeltaError> {
    let text = new.text().as_bytes();
    let chance = Chance::of(new);
    if text.len() >= SMALL || !chance.is_in(delta, text.len() / BEST_RATIO) {
        return Ok(false);
    }
    let object = delta::compress(text)?.len();
    if !chance.is_in(delta, object) {
        return Ok(false);
    }
    let fresh = delta::encode(before.text().as_bytes(), text, delta)?;
    Ok(fresh.is_some_and(|fresh| chance.is_in(delta - fresh.len(), object)))
}

/// A number that is drawn by a text: as good as random, and always the same.
#[derive(Clone, Copy)]
struct Chance(u32);

impl Chance {
    fn of(config: &Config) -> Self {
        let [a, b, c, d, ..] = *config.sha256().as_bytes();
        Self(u32::from_be_bytes([a, b, c, d]))
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
        let hit = (0..draws).filter(|n| {
            let config = Config::check(format!("{{\"n\":{n}}}").into_bytes()).unwrap();
            Chance::of(&config).is_in(part, whole)
        });
        hit.count() as f64 / f64::from(draws)
    }

    #[test]
    fn a_chance_is_part_of_whole() {
        assert_eq!(share(0, 2_000), 0.0);
        assert_eq!(share(2_000, 2_000), 1.0);
        assert_eq!(share(5, 0), 1.0);
        for (part, whole) in [(100, 2_000), (1_000, 2_000), (1_900, 2_000)] {
            let wanted = part as f64 / whole as f64;
            assert!((share(part, whole) - wanted).abs() < 0.02, "{part} of {whole}");
        }
    }
}
