//! Equality of values in two documents, and a hash that equal values share. Objects compare without regard
//! to order, numbers by their amount, strings after unescaping.

use std::hash::{BuildHasher, Hasher};

use super::budget::{Spending, Unfinished};
use super::document::{Document, Kind, Place};
use super::number;
use crate::config::value::hash_number;

/// Whether two values are equal.
pub(super) fn equal(
    (a, at): (&Document<'_>, Place),
    (b, bt): (&Document<'_>, Place),
    spending: &mut Spending,
) -> Result<bool, Unfinished> {
    spending.step(1)?;
    let kind = a.kind(at);
    if kind != b.kind(bt) {
        return Ok(false);
    }
    match kind {
        Kind::True | Kind::False | Kind::Null => Ok(true),
        Kind::String => {
            let (a, b) = (a.string(at), b.string(bt));
            spending.bytes_read(a.len().min(b.len()))?;
            Ok(a == b)
        }
        Kind::Number => {
            let (a, b) = (a.raw(at), b.raw(bt));
            spending.bytes_read(a.len().saturating_add(b.len()))?;
            Ok(number::compare(a, b).is_eq())
        }
        Kind::Array => {
            let (mut a_elements, mut b_elements) = (a.elements(at), b.elements(bt));
            loop {
                match (a_elements.next(), b_elements.next()) {
                    (None, None) => return Ok(true),
                    (Some(at), Some(bt)) if equal((a, at), (b, bt), spending)? => {}
                    _ => return Ok(false),
                }
            }
        }
        Kind::Object => objects_equal((a, at), (b, bt), spending),
    }
}

fn objects_equal(
    (a, at): (&Document<'_>, Place),
    (b, bt): (&Document<'_>, Place),
    spending: &mut Spending,
) -> Result<bool, Unfinished> {
    let (a_count, b_count) = (a.members(at).count(), b.members(bt).count());
    spending.step(a_count.saturating_add(b_count))?;
    if a_count != b_count {
        return Ok(false);
    }
    for (key, value) in a.members(at) {
        // Each key is looked for among all members of the other.
        spending.step(b_count)?;
        let key = a.string(key);
        let Some(other) = b.member(bt, &key) else { return Ok(false) };
        if !equal((a, value), (b, other), spending)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A hash that is the same for equal values.
pub(super) fn hash(
    document: &Document<'_>,
    place: Place,
    state: &foldhash::fast::RandomState,
    spending: &mut Spending,
) -> Result<u64, Unfinished> {
    spending.step(1)?;
    let mut hasher = state.build_hasher();
    let kind = document.kind(place);
    hasher.write_u8(kind as u8);
    match kind {
        Kind::True | Kind::False | Kind::Null => {}
        Kind::String => {
            let string = document.string(place);
            spending.bytes_read(string.len())?;
            hasher.write(&string);
        }
        Kind::Number => {
            let text = document.raw(place);
            spending.bytes_read(text.len())?;
            hash_number(text, &mut hasher);
        }
        Kind::Array => {
            for element in document.elements(place) {
                hasher.write_u64(hash(document, element, state, spending)?);
            }
        }
        Kind::Object => {
            let mut sum = 0_u64;
            for (key, value) in document.members(place) {
                let mut member = state.build_hasher();
                member.write(&document.string(key));
                member.write_u64(hash(document, value, state, spending)?);
                sum = sum.wrapping_add(member.finish());
            }
            hasher.write_u64(sum);
        }
    }
    Ok(hasher.finish())
}

/// Whether no two elements of an array are equal. Takes 8 bytes for each of them.
pub(super) fn unique(
    document: &Document<'_>,
    array: Place,
    spending: &mut Spending,
) -> Result<bool, Unfinished> {
    let count = document.elements(array).count();
    spending.step(count)?;
    let bytes = count.saturating_mul(size_of::<(u32, Place)>());
    spending.hold(bytes)?;
    let state = foldhash::fast::RandomState::default();
    let mut hashes: Vec<(u32, Place)> = Vec::with_capacity(count);
    for element in document.elements(array) {
        let hash = hash(document, element, &state, spending)?;
        hashes.push(((hash >> 32) as u32, element));
    }
    hashes.sort_unstable();
    let unique = no_equal_neighbours(document, &hashes, spending);
    spending.release(bytes);
    unique
}

fn no_equal_neighbours(
    document: &Document<'_>,
    hashes: &[(u32, Place)],
    spending: &mut Spending,
) -> Result<bool, Unfinished> {
    for same in hashes.chunk_by(|a, b| a.0 == b.0) {
        for (number, (_, a)) in same.iter().enumerate() {
            for (_, b) in same.iter().skip(number + 1) {
                if equal((document, *a), (document, *b), spending)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
