//! What is true of any two configs.

use proptest::prelude::*;
use serde_json::Value;

use super::{counts, diff, patch};
use crate::config::generate::{document, edited};
use crate::config::{Config, merge_patch, patch as json, value};

fn check(a: &Value, b: &Value, pretty: bool) -> Result<(), TestCaseError> {
    let before = if pretty { serde_json::to_string_pretty(a).unwrap() } else { a.to_string() };
    let after = b.to_string();
    let operations = patch(&before, &after);

    let mut theirs = a.clone();
    let independent: json_patch::Patch = serde_json::from_str(&operations).unwrap();
    json_patch::patch(&mut theirs, &independent).unwrap();
    prop_assert_eq!(&theirs, b, "{}", operations);

    let config = Config::check(before.clone()).unwrap();
    let ours = json::apply(&config, operations.as_bytes()).unwrap();
    prop_assert!(value::equal(ours.text(), &after), "{} {}", operations, ours.text());

    let found = diff(&before, &after);
    prop_assert_eq!(found.counts, counts(&before, &after));
    prop_assert_eq!(found.counts.total(), found.changes.len() as u64);
    prop_assert_eq!(found.counts.total() == 0, a == b);
    for change in &found.changes {
        prop_assert!(!change.label.is_empty());
        let old = change.from.as_deref().unwrap_or(&change.path);
        if let Some(before) = &change.before {
            prop_assert_eq!(a.pointer(old), Some(&serde_json::from_str(before.get()).unwrap()));
        }
        if let Some(after) = &change.after {
            prop_assert_eq!(b.pointer(&change.path), Some(&serde_json::from_str(after.get()).unwrap()));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_operations_turn_one_into_another(a in document(), b in document(), pretty in any::<bool>()) {
        check(&a, &b, pretty)?;
    }

    #[test]
    fn the_operations_turn_one_into_what_it_was_edited_to(
        (a, b) in document().prop_flat_map(|a| (Just(a.clone()), edited(a))),
        pretty in any::<bool>(),
    ) {
        check(&a, &b, pretty)?;
    }

    #[test]
    fn merging_agrees_with_an_independent_implementation(a in document(), b in document()) {
        prop_assume!(b.is_object());
        let config = Config::check(a.to_string()).unwrap();
        let ours = merge_patch::apply(&config, b.to_string().as_bytes()).unwrap();
        let mut theirs = a.clone();
        json_patch::merge(&mut theirs, &b);
        prop_assert_eq!(serde_json::from_str::<Value>(ours.text()).unwrap(), theirs);
    }

    #[test]
    fn replacing_a_value_changes_only_its_span(a in document(), pick in any::<prop::sample::Index>()) {
        let text = serde_json::to_string_pretty(&a).unwrap();
        let mut places = Vec::new();
        collect(&text, &text, String::new(), &mut places);
        let (path, start, end) = pick.get(&places).clone();
        let quoted = serde_json::to_string(&path).unwrap();
        let operation = format!("[{{\"op\":\"replace\",\"path\":{quoted},\"value\":[ 1e400 ]}}]");
        let config = Config::check(text.clone()).unwrap();
        let result = json::apply(&config, operation.as_bytes()).unwrap();
        prop_assert_eq!(result.text(), format!("{}[ 1e400 ]{}", &text[..start], &text[end..]));
    }
}

/// The pointer and the span of every value.
fn collect(whole: &str, part: &str, path: String, places: &mut Vec<(String, usize, usize)>) {
    use crate::config::{pointer, span};
    let place = span::within(whole, part).unwrap();
    places.push((path.clone(), place.start, place.end));
    for member in span::members(part).unwrap_or_default() {
        let mut path = path.clone();
        pointer::push(&mut path, std::str::from_utf8(&member.key()).unwrap());
        collect(whole, member.value.get(), path, places);
    }
    for (index, element) in span::elements(part).unwrap_or_default().iter().enumerate() {
        collect(whole, element.get(), format!("{path}/{index}"), places);
    }
}
