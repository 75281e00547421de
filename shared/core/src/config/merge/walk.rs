//! The merge itself: three outlines side by side, down to where both sides changed something.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;

use super::super::diff::{MATCH_BUDGET, Trail};
use super::super::outline::{Id, Outline};
use super::super::span::{Kind, compact};
use super::super::tree::Plan;
use super::super::{pointer, value};
use super::{Conflict, MAX_CONFLICTS, MergeError};

/// Bytes that the places of conflicts may take; those of further conflicts are only counted.
const MAX_LISTED: usize = 4 * 1024 * 1024;

/// A value in all three configs.
#[derive(Clone, Copy)]
pub(super) struct Three {
    pub(super) base: Id,
    pub(super) head: Id,
    pub(super) request: Id,
}

/// What is to become of the head.
pub(super) fn plan<'a>(
    base: &Outline<'a>,
    head: &Outline<'a>,
    request: &Outline<'a>,
) -> Result<Plan<'a>, MergeError> {
    let mut walk = Walk {
        base,
        head,
        request,
        conflicts: Vec::new(),
        total: 0,
        room: MAX_LISTED,
        path: String::new(),
        trail: Trail::default(),
        work: value::MAX_WORK,
        gave_up: false,
        matching: MATCH_BUDGET,
    };
    let root = Outline::ROOT;
    let plan = walk.value(Three { base: root, head: root, request: root });
    if walk.gave_up {
        return Err(MergeError::TooLarge);
    }
    match walk.total {
        0 => Ok(plan),
        total => Err(MergeError::Conflicts { conflicts: walk.conflicts, total }),
    }
}

pub(super) struct Walk<'o, 'a> {
    pub(super) base: &'o Outline<'a>,
    pub(super) head: &'o Outline<'a>,
    pub(super) request: &'o Outline<'a>,
    conflicts: Vec<Conflict>,
    pub(super) total: usize,
    room: usize,
    /// The place in the head.
    path: String,
    trail: Trail,
    /// Bytes that may still be scanned to compare values of different texts.
    work: usize,
    /// Whether a comparison could not be carried out.
    gave_up: bool,
    /// Elements that may still be matched finely.
    pub(super) matching: usize,
}

impl<'a> Walk<'_, 'a> {
    /// Whether two values are equal. Hashes find; texts or a comparison prove.
    pub(super) fn same(&mut self, one: (&Outline<'_>, Id), other: (&Outline<'_>, Id)) -> bool {
        if one.0.get(one.1).hash != other.0.get(other.1).hash {
            return false;
        }
        let (one, other) = (one.0.text(one.1), other.0.text(other.1));
        if one == other {
            return true;
        }
        let equal = value::equal_within(one, other, &mut self.work);
        // Different values of one hash are made on purpose; or the work did not suffice.
        self.gave_up |= !equal;
        equal
    }

    pub(super) fn head_kept(&mut self, base: Id, head: Id) -> bool {
        self.same((self.base, base), (self.head, head))
    }

    pub(super) fn request_kept(&mut self, base: Id, request: Id) -> bool {
        self.same((self.base, base), (self.request, request))
    }

    pub(super) fn agree(&mut self, head: Id, request: Id) -> bool {
        self.same((self.head, head), (self.request, request))
    }

    /// Whether two rows of elements are equal.
    pub(super) fn all_same(&mut self, one: (&Outline<'_>, &[Id]), other: (&Outline<'_>, &[Id])) -> bool {
        one.1.len() == other.1.len()
            && one.1.iter().zip(other.1).all(|(a, b)| self.same((one.0, *a), (other.0, *b)))
    }

    /// What is to become of a value that all three have.
    pub(super) fn value(&mut self, at: Three) -> Plan<'a> {
        if self.agree(at.head, at.request) || self.request_kept(at.base, at.request) {
            return Plan::Keep;
        }
        let open = |kind| self.head.is_open(at.head, kind) && self.request.is_open(at.request, kind);
        let base_too = |kind| self.base.is_open(at.base, kind);
        if open(Kind::Object) && base_too(Kind::Object) {
            return self.objects(at);
        }
        if open(Kind::Array) && base_too(Kind::Array) {
            return self.arrays(at);
        }
        if self.head_kept(at.base, at.head) {
            return Plan::Take(self.request.text(at.request));
        }
        self.conflict(Some(at.base), Some(at.head), Some(at.request));
        Plan::Keep
    }

    fn objects(&mut self, at: Three) -> Plan<'a> {
        let (base, request) = (keyed(self.base, at.base), keyed(self.request, at.request));
        let mut known: HashSet<Cow<'a, [u8]>> = HashSet::new();
        let mut plans = Vec::new();
        for head in self.head.children(at.head) {
            let key = self.head.key(head);
            self.enter_member(self.head, head);
            let plan = match (base.get(&key).copied(), request.get(&key).copied()) {
                (Some(base), Some(request)) => Some(self.value(Three { base, head, request })),
                (base, None) => self.gone_in_request(base, head),
                (None, Some(request)) => {
                    if !self.agree(head, request) {
                        self.conflict(None, Some(head), Some(request));
                    }
                    Some(Plan::Keep)
                }
            };
            self.leave();
            if plan != Some(Plan::Keep) {
                plans.push((self.head.raw_key(head), plan));
            }
            known.insert(key);
        }
        for member in self.request.children(at.request) {
            let key = self.request.key(member);
            if known.contains(&key) {
                continue;
            }
            self.enter_member(self.request, member);
            match base.get(&key).copied() {
                None => {
                    plans.push((self.request.raw_key(member), Some(Plan::Take(self.request.text(member)))))
                }
                Some(base) => self.gone_in_head(base, member),
            }
            self.leave();
        }
        if plans.is_empty() { Plan::Keep } else { Plan::Members(plans) }
    }

    /// What the request does not have: added by the head, or removed by the request, which no edit of the head must
    /// have met. `None` removes it.
    pub(super) fn gone_in_request(&mut self, base: Option<Id>, head: Id) -> Option<Plan<'a>> {
        let Some(base) = base else { return Some(Plan::Keep) };
        if self.head_kept(base, head) {
            return None;
        }
        self.conflict(Some(base), Some(head), None);
        Some(Plan::Keep)
    }

    /// What the head has removed stays so, unless the request changed it.
    pub(super) fn gone_in_head(&mut self, base: Id, request: Id) {
        if !self.request_kept(base, request) {
            self.conflict(Some(base), None, Some(request));
        }
    }

    fn enter_member(&mut self, outline: &Outline<'_>, id: Id) {
        let key = outline.key_text(id);
        self.trail.member(&key);
        pointer::push(&mut self.path, &key);
    }

    pub(super) fn enter_element(&mut self, outline: &Outline<'_>, id: Id, index: usize) {
        self.trail.element(outline, id, index);
        pointer::push_index(&mut self.path, index);
    }

    pub(super) fn leave(&mut self) {
        self.trail.up();
        // A key's own slashes are escaped in a pointer.
        let end = self.path.rfind('/').unwrap_or_default();
        self.path.truncate(end);
    }

    pub(super) fn conflict(&mut self, base: Option<Id>, head: Option<Id>, request: Option<Id>) {
        let Some((path, label)) = self.place() else { return };
        let raw = |outline: &Outline<'_>, id: Option<Id>| {
            RawValue::from_string(compact(outline.text(id?)).into_owned()).ok()
        };
        let conflict = Conflict {
            path,
            label,
            base: raw(self.base, base),
            ours: raw(self.head, head),
            theirs: raw(self.request, request),
            order: false,
        };
        self.conflicts.push(conflict);
    }

    /// Both sides moved an element, to different places: its indexes.
    pub(super) fn order_conflict(&mut self, base: usize, head: usize, request: usize) {
        let Some((path, label)) = self.place() else { return };
        let raw = |index: usize| RawValue::from_string(index.to_string()).ok();
        let (base, ours, theirs) = (raw(base), raw(head), raw(request));
        self.conflicts.push(Conflict { path, label, base, ours, theirs, order: true });
    }

    /// The present place, where there is room to list another conflict.
    fn place(&mut self) -> Option<(String, String)> {
        self.total += 1;
        if self.conflicts.len() >= MAX_CONFLICTS || self.path.len() > self.room {
            return None;
        }
        self.room -= self.path.len();
        Some((self.path.clone(), self.trail.label()))
    }
}

fn keyed<'a>(outline: &Outline<'a>, id: Id) -> HashMap<Cow<'a, [u8]>, Id> {
    outline.children(id).map(|child| (outline.key(child), child)).collect()
}
