use crate::config::{Config, ConfigError, MAX_BYTES, MAX_DEPTH, NotAsSaved};
use crate::hash::Sha256;

/// `open` and `close` around `1`, `depth` times.
fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

fn refusal(text: impl Into<Vec<u8>>) -> ConfigError {
    Config::check(text.into()).unwrap_err()
}

#[test]
fn legal_documents_are_kept_byte_for_byte() {
    let documents = [
        "{}",
        "[]",
        " \t\r\n{ } \n",
        r#"{"a":1.0,"b":1e400,"c":-0,"d":-0.0E+00,"e":1234567890123456789012345678901234567890}"#,
        r#"{"z":1,"a":2,"m":{"z":1,"a":2}}"#,
        r#"["\ud800","\udc00\ud800","\ud83d\ude00","\ud83d😀"]"#,
        r#"{"\ud800":1,"\udc00":2,"\ud801":3,"�":4}"#,
        r#"{"nul":"\u0000","\u0000":"","":0}"#,
        "[\"\u{7f}\u{2028}\u{feff}é😀\"]",
        r#"["\"\\\/\b\f\n\r\t\u00e9"]"#,
        r#"[{"a":1},{"a":1},{"a":{"a":{"a":[{"a":1}]}}}]"#,
        r#"{"a":"a","b":"a","c":["a","a"]}"#,
        r#"[true,false,null,{"true":true}]"#,
        "{\"A\":1,\"a\":2,\"\u{e9}\":3,\"e\u{301}\":4}",
    ];
    for document in documents {
        let config = Config::check(document).unwrap_or_else(|error| panic!("{document}: {error}"));
        assert_eq!(config.text(), document);
        assert_eq!(config.bytes(), document.as_bytes());
        assert_eq!(config.len(), document.len());
        assert_eq!(config.sha256(), Sha256::of(document.as_bytes()));
    }
}

#[test]
fn syntax_errors_say_where() {
    let faults = [
        ("{", 1, 1),
        ("[", 1, 1),
        ("[01]", 1, 3),
        ("[1.]", 1, 4),
        ("[.5]", 1, 2),
        ("[+1]", 1, 2),
        ("[-]", 1, 3),
        ("[1e]", 1, 4),
        ("[0x10]", 1, 3),
        ("[NaN]", 1, 2),
        ("[Infinity]", 1, 2),
        ("[-Infinity]", 1, 2),
        ("[True]", 1, 2),
        ("[undefined]", 1, 2),
        ("[1,]", 1, 3),
        ("[,1]", 1, 2),
        ("[1 2]", 1, 4),
        ("[1}", 1, 3),
        ("{]", 1, 2),
        ("{\"a\":1,}", 1, 7),
        ("{\"a\" 1}", 1, 6),
        ("{\"a\":}", 1, 6),
        ("{\"a\"}", 1, 5),
        ("{a:1}", 1, 2),
        ("{1:1}", 1, 2),
        ("{'a':1}", 1, 2),
        ("['a']", 1, 2),
        ("[1] // one", 1, 5),
        ("[/* one */ 1]", 1, 2),
        ("# one\n[1]", 1, 1),
        ("{}{}", 1, 3),
        ("{} []", 1, 4),
        ("{}\n\n  x", 3, 3),
        ("[1]]", 1, 4),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3),
        ("{\"ä\": \"ö\", x}", 1, 12),
        ("[\"a\nb\"]", 1, 4),
        ("[\"a\tb\"]", 1, 4),
        ("[\"a\0b\"]", 1, 4),
        ("[\"\\x\"]", 1, 4),
        ("[\"\\u12\"]", 1, 8),
        ("[\"\\u12G4\"]", 1, 8),
        ("[\"a]", 1, 4),
        ("\u{a0}[]", 1, 1),
        ("[\u{c}1]", 1, 2),
        ("[nul]", 1, 5),
    ];
    let mut wrong = Vec::new();
    for (text, line, column) in faults {
        match refusal(text) {
            ConfigError::Syntax { line: l, column: c, message } => {
                assert!(!message.is_empty() && !message.contains(" at line "), "{text:?}: {message}");
                if (l, c) != (line, column) {
                    wrong.push((text, l, c, message));
                }
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_not_one_object_or_array_is_named() {
    for blank in ["", " ", "\n\t\r "] {
        assert_eq!(refusal(blank), ConfigError::Empty, "{blank:?}");
    }
    for scalar in ["1", "\"a\"", "true", "null", " -1e5 ", "\"{}\""] {
        assert_eq!(refusal(scalar), ConfigError::NotAContainer, "{scalar:?}");
    }
    assert_eq!(refusal("\u{feff}{}"), ConfigError::ByteOrderMark);
    assert_eq!(refusal(*b"[\"\xC3\xA9\xE9\"]"), ConfigError::NotUtf8 { offset: 4 });
    assert_eq!(refusal(*b"[\"\xED\xA0\x80\"]"), ConfigError::NotUtf8 { offset: 2 });
    assert_eq!(refusal(*b"[\"\xC0\x80\"]"), ConfigError::NotUtf8 { offset: 2 });
}

#[test]
fn duplicate_keys_are_found_at_every_depth_and_in_every_spelling() {
    let many: String = (0..40).map(|n| format!("\"k{n}\":{n},")).collect();
    let documents = [
        (r#"{"a":1,"a":1}"#.to_owned(), "/a", 8),
        (r#"{"a":1,"\u0061":2}"#.to_owned(), "/a", 8),
        (r#"{"\u0061":1,"b":0,"a":2}"#.to_owned(), "/a", 19),
        (r#"{"":1,"":2}"#.to_owned(), "/", 7),
        (r#"{"/":1,"\/":2}"#.to_owned(), "/~1", 8),
        (r#"{"~":1,"\u007E":2}"#.to_owned(), "/~0", 8),
        (r#"{"😀":1,"\ud83d\ude00":2}"#.to_owned(), "/😀", 8),
        (r#"{"\ud800":1,"\uD800":2}"#.to_owned(), "/\u{fffd}\u{fffd}\u{fffd}", 13),
        (r#"[1,[2,{"x":{"a":[],"b":{},"a":0}}]]"#.to_owned(), "/1/1/x/a", 27),
        (r#"{"o":{"p":1},"a":[{"a":1},{"b":1,"c":[1,2],"b":2}]}"#.to_owned(), "/a/1/b", 44),
        (format!("{{{many}\"k0\":1}}"), "/k0", 2 + many.len()),
        (format!("{{{many}\"k39\":1}}"), "/k39", 2 + many.len()),
        (format!("{{{many}\"x\":[{{}}],\"\\u006b5\":1}}"), "/k5", 2 + many.len() + 9),
    ];
    for (document, at, place) in documents {
        match refusal(document.as_str()) {
            ConfigError::DuplicateKey { pointer, line: 1, column } => {
                assert_eq!((pointer.as_str(), column), (at, place), "{document}");
            }
            other => panic!("{document}: {other:?}"),
        }
    }
}

#[test]
fn the_place_of_a_duplicate_counts_lines_and_characters() {
    let found = refusal("{\n  \"ä\": 1,\r\n\t\"b\": \"öö\", \"ä\": 2\n}");
    assert_eq!(found, ConfigError::DuplicateKey { pointer: "/ä".to_owned(), line: 3, column: 13 });
}

#[test]
fn a_quoted_key_is_cut() {
    let key = "é".repeat(5_000);
    match refusal(format!("{{\"{key}\":1,\"{key}\":2}}")) {
        ConfigError::DuplicateKey { pointer, .. } => assert!(pointer.len() < 210 && pointer.ends_with('…')),
        other => panic!("{other:?}"),
    }
}

#[test]
fn depth_128_is_allowed_and_129_is_not() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let levels = MAX_DEPTH / open.matches(['[', '{']).count();
        Config::check(nested(open, close, levels)).unwrap_or_else(|error| panic!("{open}: {error}"));
        let deeper = format!("\n{}", nested(open, close, levels).replace('1', "[]"));
        let column = open.len() * levels + 1;
        assert_eq!(refusal(deeper), ConfigError::TooDeep { line: 2, column, limit: MAX_DEPTH }, "{open}");
    }
    let side_by_side = format!("[{}]", ["[[]]"; 500].join(","));
    Config::check(side_by_side).expect("siblings are no levels");
}

#[test]
fn brackets_and_quotes_in_strings_are_no_structure() {
    Config::check(format!("[\"{}\"]", "[{\\\"".repeat(1_000))).expect("a string");
    Config::check(r#"{"a\\":1,"a\"":2,"a":"\\","b":"\"a\":1"}"#).expect("four keys");
}

#[test]
fn the_size_is_checked_before_anything_is_read() {
    assert_eq!(refusal(vec![0xFF; MAX_BYTES + 1]), ConfigError::TooLarge { limit: MAX_BYTES });
    let mut largest = vec![b' '; MAX_BYTES];
    largest[..2].copy_from_slice(b"{}");
    assert_eq!(Config::check(largest).expect("exactly the limit").len(), MAX_BYTES);
}

#[test]
fn hostile_documents_take_no_more_than_linear_time() {
    // Quadratic behaviour would take minutes: 200,000 keys are 2 × 10^10 comparisons.
    let keys: Vec<String> = (0..200_000).map(|n| format!("\"k{n}\":0")).collect();
    Config::check(format!("{{{}}}", keys.join(","))).expect("many keys");
    assert!(matches!(refusal("[".repeat(4_000_000)), ConfigError::Syntax { .. }));
    let closed = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(refusal(closed), ConfigError::TooDeep { line: 1, column: 129, limit: MAX_DEPTH });
}

#[test]
fn restored_text_is_compared_with_its_hash_only() {
    let text = "{\"saved\":\"under older rules\",\"saved\":2}";
    let config = Config::restored(text, Sha256::of(text.as_bytes())).expect("the hash is right");
    assert_eq!(config.text(), text);
    let expected = Sha256::of(b"{}");
    let found = Sha256::of(b"[]");
    assert_eq!(Config::restored("[]", expected), Err(NotAsSaved::Hash { expected, found }));
    assert_eq!(Config::restored(&b"\xFF"[..], Sha256::of(b"\xFF")), Err(NotAsSaved::NotUtf8));
}

#[test]
fn debug_shows_no_contents() {
    let config = Config::check(r#"{"password":"hunter2"}"#).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("password") && !shown.contains("hunter2") && shown.contains("22"), "{shown}");
}

#[test]
fn what_is_sent_by_mistake_is_named_at_its_place() {
    let named: &[(&str, (usize, usize), &str)] = &[
        ("{\n  \"a\": [1,\n  2,\n  ]\n}", (3, 4), "a comma before the closing bracket"),
        ("{\"a\":1 ,\n}", (1, 8), "a comma before the closing bracket"),
        ("{\"a\": 1, // one\n\"b\": 2}", (1, 10), "a comment"),
        ("{\"a\": 1 /* one */}", (1, 9), "a comment"),
        ("{\n  # one\n}", (2, 3), "a comment"),
        ("[1] // one", (1, 5), "a comment"),
        ("// one\n{}", (1, 1), "a comment"),
        ("{\"a\": NaN}", (1, 7), "NaN is no JSON number"),
        ("{\"a\": -Infinity}", (1, 7), "Infinity is no JSON number"),
        ("{\"a\": undefined}", (1, 7), "undefined"),
        ("{\"a\": None}", (1, 7), "null"),
        ("{\"a\": True}", (1, 7), "true, in small letters"),
        ("{\"a\": FALSE}", (1, 7), "false, in small letters"),
        ("{'a': 1}", (1, 2), "single quote"),
        ("{\"a\": “x”}", (1, 7), "typographic"),
        ("{a: 1}", (1, 2), "a key without quotation marks"),
        ("<!DOCTYPE html>\n<title>Sign in</title>", (1, 1), "HTML"),
        ("\n <html>", (2, 2), "HTML"),
        ("<?xml version=\"1.0\"?><a/>", (1, 1), "XML"),
        ("title: Refunds\npages:\n  - home\n", (1, 1), "YAML"),
        ("---\na: 1\n", (1, 1), "YAML"),
        ("- a\n- b\n", (1, 1), "YAML"),
        ("{\"a\":1}\n{\"a\":2}\n", (2, 1), "NDJSON"),
        ("{\n<<<<<<< HEAD\n  \"a\": 1\n=======\n  \"a\": 2\n>>>>>>> theirs\n}", (2, 1), "conflict marker"),
        ("{\"a\": 1,\n=======\n\"a\": 2}", (2, 1), "conflict marker"),
        ("[\"a\nb\"]", (1, 4), "write it as \\n"),
    ];
    for (text, place, what) in named {
        match refusal(*text) {
            ConfigError::Syntax { line, column, message } => {
                assert!(message.contains(what), "{text:?}: {message}");
                assert_eq!((line, column), *place, "{text:?}: {message}");
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

/// `text` in UTF-16 without a byte order mark, little end first.
fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn files_of_another_kind_are_named() {
    let mut tar = vec![0; 512];
    tar[..6].copy_from_slice(b"a.json");
    tar[257..262].copy_from_slice(b"ustar");
    let big_end: Vec<u8> = "{\"ä\":1}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide: Vec<u8> = "{\"ä\":1}".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let files: [(&[u8], &str); 12] = [
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x28\xb5\x2f\xfd\0", "zstd"),
        (b"PK\x03\x04\x14\0", "zip"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"%PDF-1.7", "PDF"),
        (&tar, "tar archive"),
        (&utf16("{\"ä\":1}"), "UTF-16"),
        (&utf16("\u{feff}{}"), "UTF-16"),
        (&big_end, "UTF-16"),
        (&wide, "UTF-32"),
        (b"\xFF\xFE{\0}\0", "UTF-16"),
    ];
    for (bytes, name) in files {
        match refusal(bytes.to_vec()) {
            ConfigError::OtherFormat { what, advice } => {
                assert!(what.contains(name) && !advice.is_empty(), "{name}: {what}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange_to_be_explained(text in "[\\[\\]{}<=>:,#/'a\"\\-\\n0N ä]{0,40}") {
        // What is valid stays valid, whatever the explanations look for.
        let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        proptest::prop_assert_eq!(crate::config::Text::read(text.clone()).unwrap().fault().is_none(), valid);
    }
}
