//! Merging arrays: which elements there are, what each becomes, and their order.

use super::super::diff::{Elements, Sameness, paired};
use super::super::outline::Id;
use super::super::tree::{Plan, Slot};
use super::order::{Orders, Token};
use super::sides::{Side, Sides};
use super::walk::{Three, Walk};

/// An array that is the head's own elements in place needs no plan.
fn planned(slots: Vec<Slot<'_>>, length: usize) -> Plan<'_> {
    let stays = |(index, slot): (usize, &Slot<'_>)| *slot == Slot::Old(index, Plan::Keep);
    let unchanged = slots.len() == length && slots.iter().enumerate().all(stays);
    if unchanged { Plan::Keep } else { Plan::Elements(slots) }
}

impl<'a> Walk<'_, 'a> {
    pub(super) fn arrays(&mut self, at: Three) -> Plan<'a> {
        if self.head_kept(at.base, at.head) {
            return self.only_request(at);
        }
        let base: Vec<Id> = self.base.children(at.base).collect();
        let head: Vec<Id> = self.head.children(at.head).collect();
        let request: Vec<Id> = self.request.children(at.request).collect();
        let sides = Sides::new(
            Elements::new(self.base, &base),
            Elements::new(self.head, &head),
            Elements::new(self.request, &request),
            &mut self.matching,
        );
        if sides.are_unclear(self) {
            self.conflict(Some(at.base), Some(at.head), Some(at.request));
            return Plan::Keep;
        }
        self.elements(at, &sides)
    }

    /// The head has what the base has: the request's changes, made to the head's text.
    fn only_request(&mut self, at: Three) -> Plan<'a> {
        let base: Vec<Id> = self.base.children(at.base).collect();
        let head: Vec<Id> = self.head.children(at.head).collect();
        let request: Vec<Id> = self.request.children(at.request).collect();
        let (old, new) = (Elements::new(self.head, &head), Elements::new(self.request, &request));
        let mut pairs = paired(old, new, Sameness::Identity, &mut self.matching).pairs.into_iter().peekable();
        let mut slots = Vec::with_capacity(request.len());
        for (index, id) in request.iter().enumerate() {
            let Some(pair) = pairs.next_if(|pair| pair.new == index) else {
                slots.push(Slot::New(self.request.text(*id)));
                continue;
            };
            let (Some(was), Some(old)) = (base.get(pair.old), head.get(pair.old)) else { continue };
            self.enter_element(self.head, *old, pair.old);
            let plan = self.value(Three { base: *was, head: *old, request: *id });
            self.leave();
            slots.push(Slot::Old(pair.old, plan));
        }
        planned(slots, head.len())
    }

    /// Merges element by element.
    fn elements(&mut self, at: Three, sides: &Sides<'_, '_>) -> Plan<'a> {
        let kept = self.kept(sides);
        let added = self.added(sides);
        let [base, head, request] = sides.tokens();
        let in_head = sides.ours.elements.ids.len();
        let is_kept = |token: Token| {
            let place = sides.ours.place_of(token);
            place.and_then(|place| kept.get(place)).is_some_and(Option::is_some)
        };
        let is_added = |token: Token| {
            let place = sides.theirs.place_of(token);
            place.and_then(|place| added.get(place)).is_some_and(Option::is_some)
        };
        let orders = Orders {
            base: &base,
            head: &head,
            request: &request,
            moved: [sides.ours.moved(), sides.theirs.moved()],
            is_kept: &is_kept,
            is_added: &is_added,
        };
        let (order, torn) = orders.merged();
        if torn.iter().any(|token| !sides.is_surely_moved(*token)) {
            self.conflict(Some(at.base), Some(at.head), Some(at.request));
            return Plan::Keep;
        }
        for token in torn {
            let places = (sides.ours.place_of(token), sides.theirs.place_of(token));
            let (Some(place), Some(request)) = places else { continue };
            let Some(id) = sides.ours.elements.ids.get(place) else { continue };
            self.enter_element(self.head, *id, place);
            self.order_conflict(usize::try_from(token).unwrap_or_default(), place, request);
            self.leave();
        }
        let mut kept = kept;
        let slot = |token: Token| {
            let place = sides.ours.place_of(token);
            let plan = place.and_then(|place| Some((place, kept.get_mut(place)?.take()?)));
            match plan {
                Some((place, plan)) => Some(Slot::Old(place, plan)),
                None => {
                    let place = sides.theirs.place_of(token)?;
                    Some(Slot::New((*added.get(place)?)?))
                }
            }
        };
        planned(order.into_iter().filter_map(slot).collect(), in_head)
    }

    /// What becomes of each element of the head; `None` for one that goes.
    fn kept(&mut self, sides: &Sides<'_, '_>) -> Vec<Option<Plan<'a>>> {
        let (ours, theirs) = (&sides.ours, &sides.theirs);
        let mut kept = Vec::with_capacity(ours.elements.ids.len());
        for (index, id) in ours.elements.ids.iter().enumerate() {
            self.enter_element(self.head, *id, index);
            let base = ours.base_of(index).and_then(|base| Some((base, *sides.base.ids.get(base)?)));
            kept.push(match (base, sides.added_by_both(index)) {
                (Some((place, base)), _) => match theirs.pair(place) {
                    Some(pair) => {
                        let request = theirs.elements.ids.get(pair.new).copied().unwrap_or_default();
                        let is_sure = (ours.pair(place).is_some_and(|pair| pair.sure), pair.sure);
                        Some(self.one(Three { base, head: *id, request }, is_sure))
                    }
                    None => self.gone_in_request(Some(base), *id),
                },
                (None, Some(request)) => {
                    let request = theirs.elements.ids.get(request).copied().unwrap_or_default();
                    if !self.agree(*id, request) {
                        self.conflict(None, Some(*id), Some(request));
                    }
                    Some(Plan::Keep)
                }
                (None, None) => Some(Plan::Keep),
            });
            self.leave();
        }
        kept
    }

    /// An element that all three have. What one side changed, the other must surely have.
    fn one(&mut self, at: Three, (ours_is_sure, theirs_is_sure): (bool, bool)) -> Plan<'a> {
        let is_plain = (theirs_is_sure || self.head_kept(at.base, at.head))
            && (ours_is_sure || self.request_kept(at.base, at.request))
            || self.agree(at.head, at.request);
        if is_plain {
            return self.value(at);
        }
        self.conflict(Some(at.base), Some(at.head), Some(at.request));
        Plan::Keep
    }

    /// The text of each element of the request that the head is to get; `None` for the others.
    fn added(&mut self, sides: &Sides<'_, '_>) -> Vec<Option<&'a str>> {
        let theirs: &Side<'_, '_> = &sides.theirs;
        let mut added = Vec::with_capacity(theirs.elements.ids.len());
        for (index, id) in theirs.elements.ids.iter().enumerate() {
            let base = theirs.base_of(index);
            let is_new = base.is_none() && !sides.is_in_head(index);
            added.push(is_new.then(|| self.request.text(*id)));
            let gone = base.filter(|base| sides.ours.pair(*base).is_none());
            if let Some(base) = gone.and_then(|base| sides.base.ids.get(base)) {
                self.enter_element(self.request, *id, index);
                self.gone_in_head(*base, *id);
                self.leave();
            }
        }
        added
    }
}
