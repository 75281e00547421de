//! The outline of an edited text: what the texts begin and end with is taken over from the outline of the text before, and
//! what is between is scanned.

use super::super::{Id, Same, Value};
use super::{Frame, Kind, Scan, hash_key, offset};

/// What [`super::values`] gives for `after`, by the values of `before`, and by what is the `same` in both; both are JSON.
/// `None` where those do not help.
pub(in super::super) fn values(
    old: &[Value],
    before: &str,
    after: &str,
    same: Same,
    max: usize,
) -> Option<Vec<Value>> {
    let (first, tail) = (same.start, after.len().checked_sub(same.end)?);
    // Where nothing is folded before, and nothing will be for want of room.
    if old.len() + tail.saturating_sub(first) + 2 > max || old.iter().any(|value| value.folded) {
        return None;
    }
    // The last value that begins where the texts are still the same.
    let from = old.partition_point(|value| value.start as usize <= first).checked_sub(1)?;
    let start = old.get(from)?.start as usize;
    let mut values = Vec::with_capacity(old.len() + 64);
    values.extend_from_slice(old.get(..from)?);
    let frames = Way::to(offset(from), old)?.frames(before);
    let mut scan = Scan { text: after, max, values, frames };
    let ending = Ending { old, tail, before: before.len(), after: after.len() };
    let mut at = start;
    while at < after.len() {
        if at >= tail && ending.take_over(&mut scan, at).is_some() {
            return Some(scan.values);
        }
        at = scan.token(at);
    }
    scan.finish();
    Some(scan.values)
}

/// The way from the top of an outline down to a value.
struct Way<'o> {
    values: &'o [Value],
    to: Id,
    /// The objects and arrays around it, the outermost first.
    around: Vec<Id>,
}

impl<'o> Way<'o> {
    fn to(to: Id, values: &'o [Value]) -> Option<Self> {
        let mut way = Self { values, to, around: Vec::new() };
        let mut id = 0;
        while id != to {
            way.around.push(id);
            id = way.child(id)?;
        }
        Some(way)
    }

    /// The member or element of `around` that is, or holds, the value.
    fn child(&self, around: Id) -> Option<Id> {
        let mut child = around + 1;
        loop {
            let next = self.values.get(child as usize)?.next;
            if child == self.to || next > self.to {
                return Some(child);
            }
            child = next.max(child + 1);
        }
    }

    /// What a scan has open when it comes to the value.
    fn frames(&self, text: &str) -> Vec<Frame> {
        let ends = self.around.iter().skip(1).copied().chain([self.to]);
        let open = |(id, end): (&Id, Id)| {
            let value = self.values.get(*id as usize)?;
            let mut frame = Frame::new(Some(*id), value.kind == Kind::Object);
            let mut child = *id + 1;
            loop {
                let value = self.values.get(child as usize)?;
                frame.read_key(text, value);
                if child >= end {
                    return Some(frame);
                }
                frame.add(value.hash);
                child = value.next.max(child + 1);
            }
        };
        self.around.iter().zip(ends).filter_map(open).collect()
    }
}

/// The end of both texts, from `tail` on in the newer.
struct Ending<'o> {
    old: &'o [Value],
    tail: usize,
    /// The lengths of the texts.
    before: usize,
    after: usize,
}

impl Ending<'_> {
    /// Ends a scan that has come to `at`, where the rest is as before: if a value begins there whose key, and all that comes
    /// after it, are in the ending, in as many objects and arrays as before. `None` if not.
    fn take_over(&self, scan: &mut Scan<'_>, at: usize) -> Option<()> {
        let frame = scan.frames.last().filter(|frame| !frame.key_next && !frame.folded)?;
        let was = (at + self.before).checked_sub(self.after)?;
        let from = self.old.binary_search_by_key(&offset(was), |value| value.start).ok()?;
        let value = self.old.get(from)?;
        if frame.is_object && (frame.key.0 < self.tail || self.moved(value.key_start) as usize != frame.key.0)
        {
            return None;
        }
        let way = Way::to(offset(from), self.old)?;
        let kinds = way.around.iter().map(|id| self.old.get(*id as usize).map(|value| value.kind));
        let same = |(frame, kind): (&Frame, Option<Kind>)| kind == Some(frame.kind());
        if way.around.len() != scan.frames.len() || !scan.frames.iter().zip(kinds).all(same) {
            return None;
        }
        let (from, to) = (offset(from), offset(scan.values.len()));
        let place = |id: Id| id - from + to;
        scan.values.extend(self.old.get(from as usize..)?.iter().map(|value| Value {
            start: self.moved(value.start),
            end: self.moved(value.end),
            // Elements have none.
            key_start: if value.key_end == 0 { 0 } else { self.moved(value.key_start) },
            key_end: if value.key_end == 0 { 0 } else { self.moved(value.key_end) },
            next: place(value.next),
            ..*value
        }));
        let mut child = to;
        for around in way.around.iter().rev() {
            let (Some(around), Some(mut frame)) = (self.old.get(*around as usize), scan.frames.pop()) else {
                break;
            };
            let next = place(around.next);
            while child < next {
                let Some(value) = scan.values.get(child as usize) else { break };
                frame.read_key(scan.text, value);
                frame.add(value.hash);
                child = value.next.max(child + 1);
            }
            scan.leave(&frame, self.moved(around.end), next);
            child = next;
        }
        Some(())
    }

    /// Where in the newer text what was in the ending of the older is.
    fn moved(&self, was: u32) -> u32 {
        offset((was as usize + self.after).saturating_sub(self.before))
    }
}

impl Frame {
    /// The kind of what is open.
    fn kind(&self) -> Kind {
        if self.is_object { Kind::Object } else { Kind::Array }
    }

    /// Goes on to a member or element.
    fn read_key(&mut self, text: &str, value: &Value) {
        self.key = (value.key_start as usize, value.key_end as usize);
        if self.is_object {
            self.key_hash = hash_key(text.get(self.key.0..self.key.1).unwrap_or_default());
        }
    }
}
