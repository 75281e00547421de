//! Schemas and configs that would take for ever, or all memory.

use super::*;

/// How many steps a check takes, by halving.
fn steps(schema: &Schema, config: &Config) -> u64 {
    let (mut least, mut most) = (0, 1 << 40);
    while least < most {
        let steps = (least + most) / 2;
        match schema.passes(config, &Budget::new(steps, usize::MAX)) {
            Ok(_) => most = steps,
            Err(_) => least = steps + 1,
        }
    }
    most
}

/// A page of widgets that contain each other, `depth` deep; the innermost has this label.
fn widgets(depth: usize, label: &str) -> String {
    let mut text = format!("{{\"kind\":\"text\",\"label\":{label},\"children\":[]}}");
    for _ in 1..depth {
        text = format!("{{\"kind\":\"box\",\"label\":\"b\",\"children\":[{text}]}}");
    }
    text
}

/// Five kinds of widget, each of which may contain all of them.
pub(super) fn kinds() -> String {
    let kind = |kind: &str| {
        format!(
            r##"{{"type": "object", "required": ["kind", "label"], "properties": {{"kind": {{"const": "{kind}"}},
                "label": {{"type": "string"}}, "children": {{"items": {{"$ref": "#/$defs/widget"}}}}}}}}"##
        )
    };
    let kinds: Vec<String> = ["box", "text", "image", "table", "button"].map(kind).to_vec();
    format!(r##"{{"$ref": "#/$defs/widget", "$defs": {{"widget": {{"anyOf": [{}]}}}}}}"##, kinds.join(","))
}

/// A schema of `levels` definitions, each of which is `both` of the one below it twice.
fn twins(levels: usize, both: &str, innermost: &str) -> String {
    let mut defs = vec![format!(r#""d0": {innermost}"#)];
    for level in 1..=levels {
        let below = format!(r##"{{"$ref": "#/$defs/d{}"}}"##, level - 1);
        defs.push(format!(r#""d{level}": {{"{both}": [{below}, {below}]}}"#));
    }
    format!(r##"{{"$ref": "#/$defs/d{levels}", "$defs": {{{}}}}}"##, defs.join(","))
}

#[test]
fn a_tree_of_alternatives_takes_steps_in_proportion_to_its_depth() {
    let schema = schema(&kinds());
    let [at_9, at_18, at_36] = [9, 18, 36].map(|depth| steps(&schema, &config(&widgets(depth, "1"))));
    assert!(at_36 - at_18 < 3 * (at_18 - at_9), "{at_9} {at_18} {at_36}");
    for depth in [9, 11, 60] {
        let found = checked(&schema, &config(&widgets(depth, "1")), 50);
        let path = format!("{}/label", "/children/0".repeat(depth - 1));
        assert_eq!(found.items.len(), 1, "{found:?}");
        assert_eq!(found.items[0].path, cut(&path));
        assert!(found.items[0].message.starts_with("value is not of type \"string\""), "{found:?}");
        assert!(checked(&schema, &config(&widgets(depth, "\"x\"")), 50).is_empty());
    }
}

#[test]
fn twins_are_asked_once() {
    for both in ["allOf", "anyOf", "oneOf"] {
        for innermost in ["{}", "true", "false", r#"{"type": "array"}"#, r#"{"type": "string"}"#] {
            let schema = schema(&twins(60, both, innermost));
            checked(&schema, &config("[]"), 50);
            assert!(steps(&schema, &config("[1,2]")) < 5_000, "{both} {innermost}");
        }
    }
    // Twins that are written out.
    let mut text = r#"{"type": "string"}"#.to_owned();
    for _ in 0..10 {
        text = format!(r#"{{"anyOf": [{text}, {text}]}}"#);
    }
    assert!(!checked(&schema(&text), &config("[]"), 50).is_empty());
}

#[test]
fn a_schema_of_a_few_bytes_does_not_hold_a_check_up() {
    let schema = schema(
        r##"{"$defs":{"n":{"anyOf":[{"items":{"$ref":"#/$defs/n"},"type":"array"},{"items":{"$ref":"#/$defs/n"},"type":["array","null"],"minItems":2},{"const":1}]}},"$ref":"#/$defs/n"}"##,
    );
    let deep = config(&format!("{}0{}", "[".repeat(100), "]".repeat(100)));
    assert!(!checked(&schema, &deep, 50).is_empty());
    assert!(steps(&schema, &deep) < 20_000);
}

#[test]
fn a_check_ends_when_its_budget_is_used_up() {
    let schema = schema(&kinds());
    let config = config(&widgets(60, "1"));
    let needed = steps(&schema, &config);
    assert_eq!(schema.passes(&config, &Budget::new(needed, usize::MAX)), Ok(false));
    assert_eq!(schema.passes(&config, &Budget::new(needed - 1, usize::MAX)), Err(Unfinished::Steps));
    assert_eq!(schema.passes(&config, &Budget::new(needed, 100)), Err(Unfinished::Memory));
    let cancelled = budget();
    cancelled.cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(schema.passes(&config, &cancelled), Err(Unfinished::Cancelled));
    // The verdict is known, and it takes too long to say where.
    let found = schema.check(&config, 50, &Budget::new(needed, usize::MAX)).unwrap();
    assert!(!found.is_empty());
}

#[test]
fn what_goes_too_deep_ends() {
    let schema = schema(&twins(120, "allOf", r##"{"items": {"$ref": "#/$defs/d120"}}"##));
    let nested = |depth: usize| config(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert_eq!(schema.passes(&nested(4), &budget()), Ok(true));
    assert_eq!(schema.passes(&nested(MAX_DEPTH), &budget()), Err(Unfinished::Levels));
    // What people write is far from there.
    assert!(checked(&self::schema(&kinds()), &config(&widgets(MAX_DEPTH / 2, "\"x\"")), 1).is_empty());
}

#[test]
fn costly_keywords_are_counted() {
    let many = |n: usize| (0..n).map(|n| format!("{{\"a\":{n}}}")).collect::<Vec<_>>().join(",");
    for (schema, text) in [
        (r#"{"uniqueItems": true}"#.to_owned(), format!("[{}]", many(100_000))),
        (format!("{{\"items\": {{\"enum\": [{}]}}}}", many(5_000)), format!("[{}]", many(10_000))),
        (
            format!(
                "{{\"required\": [{}]}}",
                (0..5_000).map(|n| format!("\"k{n}\"")).collect::<Vec<_>>().join(",")
            ),
            format!("{{{}}}", (0..5_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(",")),
        ),
        (
            r#"{"items": {"pattern": "(\\w*a){40}$"}}"#.to_owned(),
            format!("[{}]", vec![format!("\"{}\"", "ab".repeat(5_000)); 200].join(",")),
        ),
    ] {
        let found = self::schema(&schema).passes(&config(&text), &Budget::new(50_000, usize::MAX));
        assert_eq!(found, Err(Unfinished::Steps), "{}", &schema[..40.min(schema.len())]);
    }
}

#[test]
fn a_schema_that_refers_to_itself_without_end_is_refused() {
    for (text, pointer) in [
        (r##"{"$ref": "#"}"##, ""),
        (r##"{"allOf": [{"$ref": "#"}]}"##, ""),
        (r##"{"not": {"$ref": "#"}}"##, ""),
        (
            r##"{"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}}"##,
            "/$defs/a",
        ),
        (r##"{"$dynamicAnchor": "n", "allOf": [{"$dynamicRef": "#n"}]}"##, ""),
    ] {
        let (place, reason) = refused(text);
        assert!(reason.contains("refers to itself"), "{text}: {reason}");
        assert!(place == pointer || !pointer.is_empty(), "{text}: {place}");
    }
    let deep = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    for text in [
        r##"{"items": {"$ref": "#"}, "type": "array"}"##,
        r##"{"$dynamicAnchor": "n", "items": {"anyOf": [{"$dynamicRef": "#n"}, {"$ref": "#"}]}, "unevaluatedItems": false}"##,
    ] {
        assert!(passes(text, &deep), "{text}");
    }
    let chain = twins(300, "allOf", "{}");
    assert!(refused(&chain).1.contains("inside of one another"));
}

#[test]
fn a_heavy_schema_is_refused_by_its_weight() {
    let heavy = |n: usize| format!("[\\\\p{{L}}\\\\p{{N}}]{{200}}{n}");
    for count in [400, 1_300] {
        let patterns: Vec<String> =
            (0..count).map(|n| format!("\"p{n}\": {{\"pattern\": \"{}\"}}", heavy(n))).collect();
        let (pointer, reason) = refused(&format!("{{\"properties\": {{{}}}}}", patterns.join(",")));
        assert!(pointer.ends_with("/pattern") && reason.contains("heavy"), "{pointer}: {reason}");
    }
    let (pointer, reason) = refused(r#"{"pattern": "((a{100}){100}){100}"}"#);
    assert!(pointer == "/pattern" && reason.contains("heavy"), "{pointer}: {reason}");
    let classes = format!("{{\"pattern\": \"{}\"}}", "\\\\s".repeat(1_000));
    assert!(refused(&classes).1.contains("heavy"));
    // What people write is light enough, and weighs what it says.
    let names = schema(
        r#"{"properties": {"a": {"pattern": "^\\p{L}[\\p{L}\\p{N} .'-]{0,63}$"}, "b": {"pattern": "^[a-z]{1,63}$"}}}"#,
    );
    assert!(names.weight() < 6 * 1024 * 1024, "{}", names.weight());
    assert!(schema(r#"{"pattern": "^[a-z]+$"}"#).weight() < 64 * 1024);
}
