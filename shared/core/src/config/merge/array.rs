//! Merging arrays whose elements have an identity, and those that only one side changed.

use std::collections::HashMap;

use super::super::diff::{Elements, Place, Sameness, paired, shared_identity};
use super::super::outline::{Id, Outline};
use super::super::tree::{Plan, Slot};
use super::order::{Orders, Token};
use super::walk::{Three, Walk};

/// The elements of an array.
pub(super) fn elements(outline: &Outline<'_>, id: Id) -> Vec<Id> {
    outline.children(id).collect()
}

/// An array that is the head's own elements in place needs no plan.
pub(super) fn planned(slots: Vec<Slot<'_>>, length: usize) -> Plan<'_> {
    let stays = |(index, slot): (usize, &Slot<'_>)| *slot == Slot::Old(index, Plan::Keep);
    let unchanged = slots.len() == length && slots.iter().enumerate().all(stays);
    if unchanged { Plan::Keep } else { Plan::Elements(slots) }
}

impl<'a> Walk<'_, 'a> {
    pub(super) fn arrays(&mut self, at: Three) -> Plan<'a> {
        if self.head_kept(at.base, at.head) {
            return self.only_request(at);
        }
        let base = elements(self.base, at.base);
        let head = elements(self.head, at.head);
        let request = elements(self.request, at.request);
        let versions = [
            Elements { outline: self.base, ids: &base },
            Elements { outline: self.head, ids: &head },
            Elements { outline: self.request, ids: &request },
        ];
        match shared_identity(&versions).as_deref() {
            Some([b, h, r]) => self.identified((b, &base), (h, &head), (r, &request)),
            _ => self.sequences(at, &base, &head, &request),
        }
    }

    /// The head has what the base has: the request's changes, made to the head's text.
    fn only_request(&mut self, at: Three) -> Plan<'a> {
        let base = elements(self.base, at.base);
        let places = |outline: &Outline<'_>, id| {
            outline.children(id).enumerate().map(|(index, id)| Place { index, id }).collect::<Vec<_>>()
        };
        let (head, request) = (places(self.head, at.head), places(self.request, at.request));
        let pairs =
            paired((self.head, &head), (self.request, &request), Sameness::Identity, &mut self.matching);
        let mut slots = Vec::with_capacity(request.len());
        let mut pairs = pairs.into_iter().peekable();
        for place in &request {
            let Some(pair) = pairs.next_if(|pair| pair.new == place.index) else {
                slots.push(Slot::New(self.request.text(place.id)));
                continue;
            };
            let (Some(was), Some(old)) = (base.get(pair.old), head.get(pair.old)) else { continue };
            self.enter_element(self.head, old.id, old.index);
            let plan = self.value(Three { base: *was, head: old.id, request: place.id });
            self.leave();
            slots.push(Slot::Old(pair.old, plan));
        }
        planned(slots, head.len())
    }

    /// Merges by identity: first which elements there are, and what each becomes; then their order.
    fn identified(
        &mut self,
        base: (&[u64], &[Id]),
        head: (&[u64], &[Id]),
        request: (&[u64], &[Id]),
    ) -> Plan<'a> {
        let (in_base, in_head, in_request) = (places(base.0), places(head.0), places(request.0));
        let at = |ids: &[Id], places: &HashMap<Token, usize>, token| {
            places.get(token).and_then(|index| ids.get(*index)).copied()
        };
        let mut kept: HashMap<Token, Plan<'a>> = HashMap::with_capacity(head.0.len());
        for (index, (token, id)) in head.0.iter().zip(head.1).enumerate() {
            self.enter_element(self.head, *id, index);
            let plan = match (at(base.1, &in_base, token), at(request.1, &in_request, token)) {
                (Some(base), Some(request)) => Some(self.value(Three { base, head: *id, request })),
                (base, None) => self.gone_in_request(base, *id),
                (None, Some(request)) => {
                    if !self.agree(*id, request) {
                        self.conflict(None, Some(*id), Some(request));
                    }
                    Some(Plan::Keep)
                }
            };
            self.leave();
            kept.extend(plan.map(|plan| (*token, plan)));
        }
        let mut added = HashMap::new();
        for (index, (token, id)) in request.0.iter().zip(request.1).enumerate() {
            if in_head.contains_key(token) {
                continue;
            }
            self.enter_element(self.request, *id, index);
            match at(base.1, &in_base, token) {
                None => drop(added.insert(*token, self.request.text(*id))),
                Some(base) => self.gone_in_head(base, *id),
            }
            self.leave();
        }
        let orders = Orders {
            base: base.0,
            head: head.0,
            request: request.0,
            is_kept: &|token| kept.contains_key(&token),
            is_added: &|token| added.contains_key(&token),
        };
        let (order, torn) = orders.merged();
        for token in torn {
            let (Some(base), Some(place), Some(request)) =
                (in_base.get(&token), in_head.get(&token), in_request.get(&token))
            else {
                continue;
            };
            let Some(id) = head.1.get(*place) else { continue };
            self.enter_element(self.head, *id, *place);
            self.order_conflict(*base, *place, *request);
            self.leave();
        }
        let slot = |token: Token| match (kept.remove(&token), in_head.get(&token)) {
            (Some(plan), Some(index)) => Some(Slot::Old(*index, plan)),
            _ => Some(Slot::New(added.get(&token)?)),
        };
        planned(order.into_iter().filter_map(slot).collect(), head.0.len())
    }
}

fn places(tokens: &[Token]) -> HashMap<Token, usize> {
    tokens.iter().enumerate().map(|(index, token)| (*token, index)).collect()
}
