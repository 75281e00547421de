use super::{BadPointer, Pointer, array_index};

#[test]
fn pointers_read_and_write_back() {
    let cases: [(&str, &[&str]); 9] = [
        ("", &[]),
        ("/", &[""]),
        ("/foo", &["foo"]),
        ("/foo/0", &["foo", "0"]),
        ("/a~1b", &["a/b"]),
        ("/m~0n", &["m~n"]),
        ("/~01", &["~1"]),
        ("//", &["", ""]),
        ("/ä b/%41", &["ä b", "%41"]),
    ];
    for (text, tokens) in cases {
        let pointer: Pointer = text.parse().unwrap();
        assert_eq!(pointer.tokens(), tokens, "{text}");
        assert_eq!(pointer.to_string(), text);
    }
}

#[test]
fn what_is_no_pointer_is_refused() {
    for (text, fault) in [
        ("a", BadPointer::NoSlash),
        ("#/a", BadPointer::NoSlash),
        ("/~", BadPointer::BadEscape),
        ("/~2", BadPointer::BadEscape),
        ("/a~/b", BadPointer::BadEscape),
        ("/~~0", BadPointer::BadEscape),
    ] {
        assert_eq!(text.parse::<Pointer>(), Err(fault), "{text}");
    }
}

#[test]
fn only_canonical_numbers_are_indexes() {
    assert_eq!(array_index("0"), Some(0));
    assert_eq!(array_index("10"), Some(10));
    for token in ["", "-", "00", "01", "+1", "-1", "1.0", "1e0", " 1", "٣", "99999999999999999999999"] {
        assert_eq!(array_index(token), None, "{token}");
    }
}

#[test]
fn above_means_a_true_ancestor() {
    let pointer = |text: &str| text.parse::<Pointer>().unwrap();
    assert!(pointer("").is_above(&pointer("/a")));
    assert!(pointer("/a").is_above(&pointer("/a/b")));
    assert!(!pointer("/a").is_above(&pointer("/a")));
    assert!(!pointer("/a").is_above(&pointer("/ab")));
}
