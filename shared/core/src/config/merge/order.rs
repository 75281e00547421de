//! In which order the elements of a merged array stand.

use std::collections::{HashMap, HashSet};

/// An element's identity.
pub(super) type Token = u64;

/// The three orders of an array, and what is left of it.
pub(super) struct Orders<'t> {
    pub(super) base: &'t [Token],
    pub(super) head: &'t [Token],
    pub(super) request: &'t [Token],
    /// What each side moved.
    pub(super) moved: [HashSet<Token>; 2],
    /// Whether an element of the head stays.
    pub(super) is_kept: &'t dyn Fn(Token) -> bool,
    /// Whether an element of the request is to be added.
    pub(super) is_added: &'t dyn Fn(Token) -> bool,
}

impl Orders<'_> {
    /// The order: the head's where the request moved nothing, the request's where the head moved nothing; where both
    /// moved something, the head's with the request's moves. What is new stands behind what it was put behind, the
    /// head's before the request's. The second list has what both moved to different places.
    pub(super) fn merged(&self) -> (Vec<Token>, Vec<Token>) {
        let (old, new): (HashSet<Token>, HashSet<Token>) =
            (self.base.iter().copied().collect(), self.request.iter().copied().collect());
        let is_common = |token: &Token| old.contains(token) && new.contains(token) && (self.is_kept)(*token);
        let common = |tokens: &[Token]| tokens.iter().copied().filter(is_common).collect::<Vec<_>>();
        let (base, head, request) = (common(self.base), common(self.head), common(self.request));

        let kept = || self.head.iter().copied().filter(|token| (self.is_kept)(*token));
        let is_heads = |token: Token| !new.contains(&token);
        if request == base || request == head {
            let places = |token| (self.is_added)(token);
            return (woven(kept(), self.request, &places, &is_heads, &|_| true), Vec::new());
        }
        if head == base {
            let main = self.request.iter().copied();
            let main = main.filter(|token| (self.is_added)(*token) || (self.is_kept)(*token));
            let places = |token| (self.is_kept)(token) && is_heads(token);
            return (woven(main, self.head, &places, &|_| false, &|_| true), Vec::new());
        }
        self.both_moved(&head, &request, &is_heads)
    }

    fn both_moved(
        &self,
        head: &[Token],
        request: &[Token],
        is_heads: &dyn Fn(Token) -> bool,
    ) -> (Vec<Token>, Vec<Token>) {
        let [by_head, by_request] = &self.moved;
        let is_anchor = |token: &Token| !by_head.contains(token) && !by_request.contains(token);
        let (behind_head, behind_request) = (anchors(head, &is_anchor), anchors(request, &is_anchor));
        let torn = head
            .iter()
            .filter(|token| by_head.contains(token) && by_request.contains(token))
            .filter(|token| behind_head.get(token) != behind_request.get(token))
            .copied()
            .collect();
        let is_placed = |token: Token| by_request.contains(&token) && !by_head.contains(&token);
        let main = self.head.iter().copied().filter(|token| (self.is_kept)(*token) && !is_placed(*token));
        let places = |token| (self.is_added)(token) || is_placed(token);
        // What the head moved says nothing of where the request put something.
        (woven(main, self.request, &places, is_heads, &|token| !by_head.contains(&token)), torn)
    }
}

/// For each element the nearest anchor before it.
fn anchors(order: &[Token], is_anchor: &dyn Fn(&Token) -> bool) -> HashMap<Token, Option<Token>> {
    let mut last = None;
    let mut behind = HashMap::with_capacity(order.len());
    for token in order {
        behind.insert(*token, last);
        if is_anchor(token) {
            last = Some(*token);
        }
    }
    behind
}

/// Returns the main order with the elements of `other` for which `is_placed`.
///
/// Each is put behind the nearest element before it in `other` that was placed, or that is in the main order and is an
/// anchor; and behind those that follow it there and are skipped.
fn woven(
    main: impl Iterator<Item = Token>,
    other: &[Token],
    is_placed: &dyn Fn(Token) -> bool,
    is_skipped: &dyn Fn(Token) -> bool,
    is_anchor: &dyn Fn(Token) -> bool,
) -> Vec<Token> {
    // A list by successors: `None` stands before the first and behind the last.
    let mut next: HashMap<Option<Token>, Option<Token>> = HashMap::new();
    let mut last = None;
    for token in main {
        next.insert(last, Some(token));
        last = Some(token);
    }
    next.insert(last, None);
    let follower = |next: &HashMap<_, _>, of: Option<Token>| next.get(&of).copied().flatten();
    let mut before = None;
    for token in other {
        if is_placed(*token) {
            let mut behind = before;
            while let Some(skipped) = follower(&next, behind).filter(|token| is_skipped(*token)) {
                behind = Some(skipped);
            }
            let after = follower(&next, behind);
            next.insert(behind, Some(*token));
            next.insert(Some(*token), after);
            before = Some(*token);
        } else if is_anchor(*token) && next.contains_key(&Some(*token)) {
            before = Some(*token);
        }
    }
    let mut order = Vec::with_capacity(next.len());
    let mut at = follower(&next, None);
    while let Some(token) = at {
        order.push(token);
        at = follower(&next, at);
    }
    order
}
