//! Merges and undos of random edits, judged by a truth that the JSON does not show.
//!
//! Written from the README and the reports of faults, not from the code. `oracle/judge.rs` says what is
//! accepted, and why.
//!
//! `ORACLE_SEED` (1) and `ORACLE_CASES` (10,000) choose the cases, and `ORACLE_CASE=kind:undo:seed` one
//! of them. `ORACLE_SHOW` (1) says how many are shown, made small; `ORACLE_VERDICT` (`Wrong`) which: also
//! `Reading`, `ByRule`, `Needless`, `Undecided`.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

#[path = "oracle/fixed.rs"]
mod fixed;
#[path = "oracle/generate.rs"]
mod generate;
#[path = "oracle/judge.rs"]
mod judge;
#[path = "oracle/order.rs"]
mod order;
#[path = "oracle/parts.rs"]
mod parts;
#[path = "oracle/reading.rs"]
mod reading;
#[path = "oracle/shrink.rs"]
mod shrink;
#[path = "oracle/slots.rs"]
mod slots;
#[path = "oracle/tree.rs"]
mod tree;

use std::collections::BTreeMap;

use waymark_core::config::Config;
use waymark_core::config::merge::{MergeError, merge};

use generate::{Case, Gen, KINDS, Kind};
use judge::{Judge, Mode};
use parts::{Level, Parts};
use tree::Node;

/// What the code under test made of three configs.
pub(crate) enum Outcome {
    Clean(String),
    /// The conflicts' paths; none for a refusal of another kind.
    Conflict(Vec<String>),
}

/// Merges by the code under test.
pub(crate) fn merged(base: &str, ours: &str, theirs: &str) -> Outcome {
    let config = |text: &str| Config::check(text.to_owned()).expect("a config");
    match merge(&config(base), &config(ours), &config(theirs)) {
        Ok(merged) => Outcome::Clean(merged.config.text().to_owned()),
        Err(MergeError::Conflicts { conflicts, .. }) => {
            Outcome::Conflict(conflicts.iter().map(|c| c.path.to_string()).collect())
        }
        Err(_) => Outcome::Conflict(Vec::new()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Verdict {
    /// Clean, and what the hidden truth says.
    Right,
    /// Clean, and right by another reading that is as simple.
    Reading,
    /// Clean, and right only by a rule of the documents.
    ByRule,
    /// A conflict, and the truth has one.
    Conflict,
    /// A conflict where the truth has none.
    Needless,
    /// A search met its limit.
    Undecided,
    Wrong,
}

fn verdict(case: &Case) -> Verdict {
    let moved = [&case.moved[0], &case.moved[1]];
    let truth = Judge::new(Mode::Truth, moved).truth(&case.base, &case.ours, &case.theirs);
    match merged(&case.base.text(), &case.ours.text(), &case.theirs.text()) {
        Outcome::Conflict(_) if truth.is_ok() => Verdict::Needless,
        Outcome::Conflict(_) => Verdict::Conflict,
        Outcome::Clean(text) => clean(case, &Node::parse(&text)),
    }
}

fn clean(case: &Case, result: &Node) -> Verdict {
    let mut cut = false;
    for (mode, verdict) in
        [(Mode::Truth, Verdict::Right), (Mode::Equivalent, Verdict::Reading), (Mode::ByRule, Verdict::ByRule)]
    {
        let judge = Judge::new(mode, [&case.moved[0], &case.moved[1]]);
        if judge.accepts(Some(&case.base), &case.ours, &case.theirs, result, [true, true]) {
            return verdict;
        }
        cut |= judge.cut.get();
    }
    if cut { Verdict::Undecided } else { Verdict::Wrong }
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |v| v.parse().expect("a number"))
}

fn show(kind: Kind, undo: bool, seed: u64, case: &Case, as_is: Verdict) {
    let case = shrink::shrink(case.clone(), |c| verdict(c) == as_is);
    let truth =
        Judge::new(Mode::Truth, [&case.moved[0], &case.moved[1]]).truth(&case.base, &case.ours, &case.theirs);
    let what = if undo { "undo" } else { "merge" };
    println!("{as_is:?}: {what} of {kind:?}, ORACLE_CASE={kind:?}:{undo}:{seed}");
    println!("  base   {}\n  ours   {}\n  theirs {}", case.base.text(), case.ours.text(), case.theirs.text());
    if let Outcome::Clean(text) = merged(&case.base.text(), &case.ours.text(), &case.theirs.text()) {
        println!("  result {}", Node::parse(&text).text());
    }
    match truth {
        Ok(node) => println!("  truth  {}", node.text()),
        Err(at) => println!("  truth  conflict at {at}"),
    }
}

#[test]
fn no_merge_and_no_undo_is_wrong_without_a_conflict() {
    let (seed, cases) = (variable("ORACLE_SEED", 1), variable("ORACLE_CASES", 10_000));
    let mut left = variable("ORACLE_SHOW", 1);
    let shown = std::env::var("ORACLE_VERDICT").unwrap_or_else(|_| "Wrong".to_owned());
    if let Ok(one) = std::env::var("ORACLE_CASE") {
        let parts: Vec<&str> = one.split(':').collect();
        let kind = KINDS.into_iter().find(|k| format!("{k:?}") == parts[0]).expect("a kind");
        let (undo, seed) = (parts[1] == "true", parts[2].parse().expect("a seed"));
        let case = Gen::new(seed).case(kind, undo);
        return show(kind, undo, seed, &case, verdict(&case));
    }
    let mut table: BTreeMap<(bool, usize), BTreeMap<Verdict, u32>> = BTreeMap::new();
    for n in 0..cases {
        let mut at = (n % KINDS.len() as u64) as usize;
        // Large arrays take most of the time: a third as many.
        if matches!(KINDS[at], Kind::Large | Kind::LargeTwin) && !(n / KINDS.len() as u64).is_multiple_of(3) {
            at = 12;
        }
        let undo = (n / KINDS.len() as u64) % 4 == 3;
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(n);
        let case = Gen::new(seed).case(KINDS[at], undo);
        let verdict = verdict(&case);
        *table.entry((undo, at)).or_default().entry(verdict).or_default() += 1;
        if format!("{verdict:?}") == shown && left > 0 {
            left -= 1;
            show(KINDS[at], undo, seed, &case, verdict);
        }
    }
    let wrong = report(&table);
    assert_eq!(wrong, 0, "wrong without a conflict");
}

fn report(table: &BTreeMap<(bool, usize), BTreeMap<Verdict, u32>>) -> u32 {
    use Verdict::{ByRule, Conflict, Needless, Reading, Right, Undecided, Wrong};
    println!(
        "| | kind | cases | clean: as the truth | other reading | by rule | conflicts | needless | undecided | WRONG |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut all = BTreeMap::new();
    let line = |name: &str, kind: &str, row: &BTreeMap<Verdict, u32>| {
        let n = |v: Verdict| row.get(&v).copied().unwrap_or_default();
        println!(
            "| {name} | {kind} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.values().sum::<u32>(),
            n(Right),
            n(Reading),
            n(ByRule),
            n(Conflict) + n(Needless),
            n(Needless),
            n(Undecided),
            n(Wrong)
        );
    };
    for ((undo, at), row) in table {
        line(if *undo { "undo" } else { "merge" }, &format!("{:?}", KINDS[*at]), row);
        for (v, n) in row {
            *all.entry(*v).or_default() += n;
        }
    }
    line("all", "", &all);
    all.get(&Wrong).copied().unwrap_or_default()
}

/// The judge accepts what the truth says, and nothing that takes one side's whole text where both edited.
#[test]
fn the_truth_itself_is_right() {
    let cases = variable("ORACLE_CASES", 10_000) / 20;
    let (mut sides, mut refused) = (0, 0);
    for n in 0..cases {
        let kind = KINDS[(n % KINDS.len() as u64) as usize];
        let case = Gen::new(n).case(kind, n % 3 == 0);
        let judge = Judge::new(Mode::Truth, [&case.moved[0], &case.moved[1]]);
        if let Ok(truth) = judge.truth(&case.base, &case.ours, &case.theirs) {
            assert!(clean(&case, &truth) == Verdict::Right, "{kind:?} {n}: {}", truth.text());
        }
        if !tree::same(&case.base, &case.ours) && !tree::same(&case.base, &case.theirs) {
            for side in [&case.ours, &case.theirs] {
                sides += 1;
                refused += u32::from(clean(&case, side) == Verdict::Wrong);
            }
        }
    }
    println!("one side's text where both edited: {refused} of {sides} refused");
    assert!(refused * 10 > sides * 8, "{refused} of {sides}");
}

/// The same for parts and for what is kept.
#[test]
fn the_truth_itself_is_right_for_parts() {
    for n in 0..variable("ORACLE_CASES", 10_000) / 20 {
        let kind = KINDS[(n % KINDS.len() as u64) as usize];
        for keeping in [false, true] {
            let mut made = Gen::new(n);
            let parts = if keeping { made.keeping(kind) } else { made.taking(kind) };
            if let Some(truth) = parts::truth(&parts, keeping) {
                assert!(
                    judge_parts(&parts, keeping, &truth.text()) == Verdict::Right,
                    "{kind:?} {n} {keeping} {parts:?}"
                );
            }
        }
    }
}

fn judge_parts(parts: &Parts, keeping: bool, text: &str) -> Verdict {
    [(Level::Truth, Verdict::Right), (Level::Equivalent, Verdict::Reading), (Level::ByRule, Verdict::ByRule)]
        .into_iter()
        .find(|(level, _)| parts::judge(parts, keeping, text, *level))
        .map_or(Verdict::Wrong, |(_, verdict)| verdict)
}

/// Runs the cases through the code under test.
fn run_parts(keeping: bool) {
    let (seed, cases) = (variable("ORACLE_SEED", 1), variable("ORACLE_CASES", 10_000) / 2);
    let mut left = variable("ORACLE_SHOW", 1);
    let mut table: BTreeMap<(bool, usize), BTreeMap<Verdict, u32>> = BTreeMap::new();
    for n in 0..cases {
        let at = (n % KINDS.len() as u64) as usize;
        let mut made = Gen::new(seed.wrapping_mul(1_000_003).wrapping_add(n));
        let parts = if keeping { made.keeping(KINDS[at]) } else { made.taking(KINDS[at]) };
        if parts.paths.is_empty() {
            continue;
        }
        let paths: Vec<&str> = parts.paths.iter().map(String::as_str).collect();
        let (first, second) = (parts.first.text(), parts.second.text());
        let result =
            if keeping { parts::keep(&second, &first, &paths) } else { parts::take(&second, &first, &paths) };
        let verdict = match &result {
            Ok(text) => judge_parts(&parts, keeping, text),
            Err(_) if parts::truth(&parts, keeping).is_some() => Verdict::Needless,
            Err(_) => Verdict::Conflict,
        };
        *table.entry((false, at)).or_default().entry(verdict).or_default() += 1;
        if let (Verdict::Wrong, Ok(text), true) = (verdict, result, left > 0) {
            left -= 1;
            let names = if keeping { ["own", "incoming"] } else { ["earlier", "head"] };
            println!(
                "WRONG {:?} {paths:?}\n  {} {first}\n  {} {second}\n  result {text}",
                KINDS[at], names[0], names[1]
            );
            match parts::truth(&parts, keeping) {
                Some(truth) => println!("  truth  {}", truth.text()),
                None => println!("  truth  a refusal"),
            }
        }
    }
    assert_eq!(report(&table), 0, "wrong without a refusal");
}

#[test]
fn nothing_that_is_kept_goes_elsewhere() {
    run_parts(true);
}

#[test]
fn no_part_comes_back_elsewhere() {
    run_parts(false);
}

/// A kept value that became the same in both environments is still no identity.
#[test]
fn what_is_kept_identifies_nothing() {
    let list = |a: &str, b: &str| {
        format!(r#"{{"r":[{{"type":"rest","url":"{a}"}},{{"type":"rest","url":"{b}"}}]}}"#)
    };
    let own = list("https://one", "https://two");
    for incoming in [
        list("https://one", "https://s2"),
        list("https://s1", "https://one"),
        list("https://s1", "https://s2"),
        list("https://two", "https://one"),
    ] {
        if let Ok(text) = parts::keep(&incoming, &own, &["/r/*/url"]) {
            assert!(tree::same(&Node::parse(&text), &Node::parse(&own)), "{incoming}: {text}");
        }
    }
}
