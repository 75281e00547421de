//! What is to become of a value in a merge, and how its text is made so.

use super::container::Place;
use super::{Budget, Fault, Node, Tree};
use crate::config::span::unescaped;

/// What is to become of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Plan<'a> {
    /// It stays as it is.
    Keep,
    /// Another value takes its place.
    Take(&'a str),
    /// Some members of an object are set, changed or removed.
    Members(Vec<(&'a str, Option<Self>)>),
    /// An array gets these elements, in this order.
    Elements(Vec<Slot<'a>>),
}

/// An element to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Slot<'a> {
    /// The one with this index so far, changed.
    Old(usize, Plan<'a>),
    /// A new one.
    New(&'a str),
}

impl<'a> Tree<'a> {
    /// Changes the config as planned. What is not in the plan keeps its text; new members and elements are spaced like
    /// their neighbours.
    pub(in super::super) fn carry_out(&mut self, plan: Plan<'a>) -> Result<(), Fault> {
        self.root.carry_out(plan, &mut self.budget, self.spaced)
    }
}

impl<'a> Node<'a> {
    fn carry_out(&mut self, plan: Plan<'a>, budget: &mut Budget, spaced: bool) -> Result<(), Fault> {
        match plan {
            Plan::Keep => Ok(()),
            Plan::Take(text) => {
                *self = Node::text(text);
                Ok(())
            }
            Plan::Members(members) => self.members(members, budget, spaced),
            Plan::Elements(slots) => self.elements(slots, budget, spaced),
        }
    }

    fn members(
        &mut self,
        members: Vec<(&'a str, Option<Plan<'a>>)>,
        budget: &mut Budget,
        spaced: bool,
    ) -> Result<(), Fault> {
        let Some(container) = self.open(budget)?.filter(|container| container.is_object()) else {
            return Fault::refused("the plan does not fit the value");
        };
        for (raw, plan) in members {
            let key = unescaped(raw);
            match plan {
                None => drop(container.remove_member(&key)),
                Some(Plan::Take(text)) => container.set(key, raw.into(), Node::text(text), budget, spaced)?,
                Some(plan) => match container.member(&key) {
                    Some(value) => value.carry_out(plan, budget, spaced)?,
                    None => return Fault::refused("the plan does not fit the value"),
                },
            }
        }
        Ok(())
    }

    fn elements(&mut self, slots: Vec<Slot<'a>>, budget: &mut Budget, spaced: bool) -> Result<(), Fault> {
        let Some(container) = self.open(budget)?.filter(|container| !container.is_object()) else {
            return Fault::refused("the plan does not fit the value");
        };
        let mut plans = Vec::new();
        let places = slots.into_iter().enumerate().map(|(index, slot)| match slot {
            Slot::Old(old, Plan::Keep) => Place::Old(old),
            Slot::Old(old, plan) => {
                plans.push((index, plan));
                Place::Old(old)
            }
            Slot::New(text) => Place::New(Node::text(text)),
        });
        container.rearrange(places.collect(), budget, spaced)?;
        for (index, plan) in plans {
            let Some(value) = container.element(index) else {
                return Fault::refused("the plan does not fit the value");
            };
            value.carry_out(plan, budget, spaced)?;
        }
        Ok(())
    }
}
