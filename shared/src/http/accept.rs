//! Which form of an answer the caller wants (RFC 9110, section 12.5.1).

use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};

use crate::problem::Problem;

/// The one of `offers` that `Accept` likes best; of several, the first. The first also where the header is absent.
///
/// # Errors
/// 406 when it accepts none of them.
pub fn accepted(headers: &HeaderMap, offers: &[&'static str]) -> Result<&'static str, Problem> {
    let texts: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let ranges: Vec<Range<'_>> = texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(Range::read)
        .collect();
    if ranges.is_empty() {
        return offers.first().copied().ok_or_else(|| not_acceptable(offers));
    }
    let mut best: Option<(u16, &'static str)> = None;
    for offer in offers {
        let likes = likes(&ranges, offer);
        if likes > best.map_or(0, |(most, _)| most) {
            best = Some((likes, offer));
        }
    }
    best.map(|(_, offer)| offer).ok_or_else(|| not_acceptable(offers))
}

/// What the most exact of the ranges that cover `offer` gives it, in thousandths.
fn likes(ranges: &[Range<'_>], offer: &str) -> u16 {
    let covering = ranges.iter().filter_map(|range| Some((range.exactness(offer)?, range.quality)));
    covering.max_by_key(|(exactness, _)| *exactness).map_or(0, |(_, quality)| quality)
}

/// A part of `Accept`.
struct Range<'a> {
    /// `type/subtype`, `type/*` or `*/*`.
    media: &'a str,
    /// Its `q`, in thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Self {
        let (media, parameters) = text.split_once(';').unwrap_or((text, ""));
        let quality = parameters
            .split(';')
            .filter_map(|parameter| parameter.trim().strip_prefix("q="))
            .find_map(|q| q.trim().parse::<f32>().ok())
            .unwrap_or(1.0);
        // Casting saturates, and q is at most 1 with three digits.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let quality = (quality.clamp(0.0, 1.0) * 1_000.0) as u16;
        Self { media: media.trim(), quality }
    }

    /// How exactly it names `offer`; `None` when it does not cover it.
    fn exactness(&self, offer: &str) -> Option<u8> {
        if self.media.eq_ignore_ascii_case(offer) {
            return Some(2);
        }
        let (kind, any) = self.media.split_once('/')?;
        let (offered, _) = offer.split_once('/')?;
        match (kind, any) {
            ("*", "*") => Some(0),
            (kind, "*") if kind.eq_ignore_ascii_case(offered) => Some(1),
            _ => None,
        }
    }
}

fn not_acceptable(offers: &[&'static str]) -> Problem {
    Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "not-acceptable",
        "No such form of this answer",
        format!("Send Accept with one of: {}.", offers.join(", ")),
    )
    .with("accepted", offers.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERS: [&str; 3] = ["application/json", "application/json-patch+json", "text/plain"];

    fn chosen(accept: Option<&str>) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT, accept.parse().unwrap());
        }
        accepted(&headers, &OFFERS).ok()
    }

    #[test]
    fn the_best_liked_form_is_chosen() {
        for (accept, expected) in [
            (None, Some(OFFERS[0])),
            (Some(""), Some(OFFERS[0])),
            (Some("*/*"), Some(OFFERS[0])),
            (Some("application/*;q=0.5"), Some(OFFERS[0])),
            (Some("text/*"), Some(OFFERS[2])),
            (Some("text/html, TEXT/plain;q=0.9, */*;q=0.1"), Some(OFFERS[2])),
            (Some("application/json-patch+json"), Some(OFFERS[1])),
            (Some("application/json;q=0.2,application/json-patch+json;q=0.8"), Some(OFFERS[1])),
            (Some("application/json;q=0, */*"), Some(OFFERS[1])),
            (Some("text/html"), None),
            (Some("text/plain;q=0"), None),
        ] {
            assert_eq!(chosen(accept), expected, "{accept:?}");
        }
    }
}
