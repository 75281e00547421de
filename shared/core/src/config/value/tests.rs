use super::equal;

#[test]
fn numbers_compare_by_amount() {
    let equal_numbers = [
        ("1", "1.0"),
        ("1", "1e0"),
        ("1", "10e-1"),
        ("1", "0.1E+1"),
        ("100", "1e2"),
        ("1.50", "15e-1"),
        ("0", "-0"),
        ("0", "0.000e99999999999999999999999999999999999999999999"),
        ("0.001", "1e-3"),
        ("0.0010", "1.0e-003"),
        ("1e400", "10e399"),
        ("-12.5", "-125e-1"),
        ("1234567890123456789012345678901234567890", "123456789012345678901234567890123456789e1"),
    ];
    for (a, b) in equal_numbers {
        assert!(equal(a, b) && equal(b, a), "{a} = {b}");
    }
    let others = [
        ("1", "2"),
        ("1", "-1"),
        ("1", "10"),
        ("1", "0.1"),
        ("0.01", "0.1"),
        ("101", "11"),
        ("1.01", "1.1"),
        ("1e400", "1e401"),
        ("1e400", "2e400"),
        ("9007199254740993", "9007199254740992"),
        ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567891"),
        ("0.1", "0.10000000000000001"),
        ("1", "\"1\""),
        ("0", "false"),
        ("0", "null"),
    ];
    for (a, b) in others {
        assert!(!equal(a, b) && !equal(b, a), "{a} ≠ {b}");
    }
}

#[test]
fn strings_compare_unescaped() {
    assert!(equal(r#""é😀/""#, r#""\u00e9\ud83d\ude00\/""#));
    assert!(equal(r#""\ud800""#, r#""\uD800""#));
    for (a, b) in [(r#""\ud800""#, r#""\ud801""#), (r#""\ud800""#, r#""�""#), (r#""a""#, r#""A""#)] {
        assert!(!equal(a, b), "{a} ≠ {b}");
    }
}

#[test]
fn objects_are_unordered_and_arrays_ordered() {
    assert!(equal(
        r#"{"a":1,"b":[{"c":2.0,"d":null}]}"#,
        "{ \"b\" : [ {\"d\":null, \"\\u0063\":2} ], \"a\":1e0 }"
    ));
    let others = [
        ("[1,2]", "[2,1]"),
        ("[1]", "[1,1]"),
        ("[]", "{}"),
        (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
        (r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"a":null}"#, "{}"),
        ("true", "false"),
        ("[[]]", "[{}]"),
    ];
    for (a, b) in others {
        assert!(!equal(a, b) && !equal(b, a), "{a} ≠ {b}");
    }
}

#[test]
fn the_deepest_configs_compare_within_the_stack() {
    let nested = |leaf: &str| format!("{}{leaf}{}", "[{\"a\": ".repeat(64), "}]".repeat(64));
    assert!(equal(&nested("1"), &nested("1.0")));
    assert!(!equal(&nested("1"), &nested("2")));
    let found = crate::config::diff::diff(&nested("1"), &nested("2"));
    assert_eq!(found.changes[0].path, "/0/a".repeat(64));
}
