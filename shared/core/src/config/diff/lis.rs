//! The longest rising subsequence: of what changed places, as much as possible stays.

/// The places in `values`, rising, of a longest subsequence that rises strictly. By patience sorting
/// (Fredman 1975), in n·log n steps.
pub(crate) fn longest_rising(values: &[u32]) -> Vec<usize> {
    // For each length, the place of the smallest value that ends a subsequence of it; for each place, the one before.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        let length = ends.partition_point(|end| values.get(*end) < Some(value));
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let mut rising = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(place) = at {
        rising.push(place);
        at = before.get(place).copied().flatten();
    }
    rising.reverse();
    rising
}
