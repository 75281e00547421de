//! Patterns: regular expressions of ECMA-262 without look-around and back references, weighed when they are
//! compiled and matched at a price.

use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::syntax;

use super::budget::{Spending, Unfinished};

/// Largest automaton of one pattern, in bytes: `^\p{L}{1,64}$` has about 1 MB.
pub(super) const MOST_OF_ONE: usize = 4 * 1024 * 1024;

/// Largest automata of all patterns of a schema together, in bytes.
pub(super) const MOST_OF_ALL: usize = 16 * 1024 * 1024;

/// Longest pattern, in bytes.
const LONGEST: usize = 4 * 1024;

/// Most bytes that all patterns of a schema may cost to translate: each `\d`, `\s` and the like copies its
/// pattern once.
pub(super) const MOST_TRANSLATED: usize = 64 * 1024 * 1024;

/// The longest text that one of `\d`, `\s` and the like becomes, in bytes.
const LONGEST_CLASS: usize = 160;

/// What matching remembers of one pattern, in bytes, as long as it needs no more for a single step.
const REMEMBERED: usize = 256 * 1024;

/// What matching remembers of all patterns together, in bytes.
const REMEMBERED_OF_ALL: usize = 8 * 1024 * 1024;

/// Bytes of a text that are matched for one step where the pattern's states are known already.
const MATCHED_A_STEP: usize = 16;

/// Bytes of new states for one step.
const STATES_A_STEP: usize = 64;

/// States that are followed for one step where each of them may have to be, at each byte.
const FOLLOWED_A_STEP: usize = 4;

/// A pattern, ready to match.
pub(super) struct Pattern {
    text: Box<str>,
    dfa: DFA,
    /// For what the automaton gives up on.
    slow: PikeVM,
}

/// Why a text is no pattern here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadPattern {
    #[error(
        "it is no regular expression that can be matched in linear time: look-around and back references cannot"
    )]
    Syntax,
    #[error("the pattern is longer than {LONGEST} bytes")]
    TooLong,
    #[error("the pattern is too heavy: with its repetitions it takes more than {} MiB", MOST_OF_ONE / 1024 / 1024)]
    TooHeavy,
}

impl Pattern {
    /// Compiles a pattern, with an automaton of at most `room` bytes.
    pub(super) fn compile(text: &str, room: usize) -> Result<Self, BadPattern> {
        if text.len() > LONGEST {
            return Err(BadPattern::TooLong);
        }
        let translated = jsonschema_regex::to_rust_regex(text).map_err(|()| BadPattern::Syntax)?;
        let config = thompson::Config::new()
            .nfa_size_limit(Some(room.min(MOST_OF_ONE)))
            .which_captures(WhichCaptures::None)
            .shrink(false);
        let nfa = thompson::Compiler::new()
            .syntax(syntax::Config::new())
            .configure(config)
            .build(&translated)
            .map_err(
                |fault| if fault.size_limit().is_some() { BadPattern::TooHeavy } else { BadPattern::Syntax },
            )?;
        let config = DFA::config()
            .cache_capacity(REMEMBERED)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(3))
            .unicode_word_boundary(true);
        let dfa =
            DFA::builder().configure(config).build_from_nfa(nfa.clone()).map_err(|_| BadPattern::TooHeavy)?;
        let slow = PikeVM::new_from_nfa(nfa).map_err(|_| BadPattern::TooHeavy)?;
        Ok(Self { text: text.into(), dfa, slow })
    }

    /// What translating a pattern costs, in bytes copied.
    pub(super) fn translation(text: &str) -> usize {
        let classes = text.matches('\\').count();
        classes.saturating_mul(text.len().saturating_add(classes.saturating_mul(LONGEST_CLASS)))
    }

    /// Its text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes that it takes.
    pub(super) fn weight(&self) -> usize {
        // Both ways of matching share the states of one automaton.
        let states = self.dfa.get_nfa().memory_usage();
        states.saturating_add(self.dfa.memory_usage()).saturating_add(self.text.len())
    }
}

/// What matching remembers during one check.
pub(super) struct Remembered {
    caches: Vec<Option<Cache>>,
    bytes: usize,
}

impl Remembered {
    /// Nothing yet, of so many patterns.
    pub(super) fn new(patterns: usize) -> Self {
        Self { caches: (0..patterns).map(|_| None).collect(), bytes: 0 }
    }

    /// Whether the pattern with this number matches somewhere in a text.
    pub(super) fn is_match(
        &mut self,
        (number, pattern): (usize, &Pattern),
        text: &[u8],
        spending: &mut Spending,
    ) -> Result<bool, Unfinished> {
        spending.step(1 + text.len() / MATCHED_A_STEP)?;
        if self.bytes > REMEMBERED_OF_ALL {
            *self = Self::new(self.caches.len());
        }
        let Some(slot) = self.caches.get_mut(number) else { return Err(Unfinished::Failed) };
        let before = slot.as_ref().map_or(0, Cache::memory_usage);
        let cache = slot.get_or_insert_with(|| pattern.dfa.create_cache());
        let found = pattern.dfa.try_search_fwd(cache, &Input::new(text).earliest(true));
        let (after, clears) = (cache.memory_usage(), cache.clear_count());
        self.bytes = self.bytes.saturating_add(after.saturating_sub(before));
        if clears > 0 {
            self.bytes = self.bytes.saturating_sub(after);
            *slot = None;
        }
        let states = after.saturating_sub(before).saturating_add(clears.saturating_mul(after));
        spending.step(states / STATES_A_STEP)?;
        match found {
            Ok(found) => Ok(found.is_some()),
            Err(_) => {
                let states = pattern.slow.get_nfa().states().len();
                spending.step(text.len().saturating_add(1).saturating_mul(states) / FOLLOWED_A_STEP)?;
                Ok(pattern.slow.is_match(&mut pattern.slow.create_cache(), text))
            }
        }
    }
}
