use super::{Kind, elements, kind, members, unescaped, within};

#[test]
fn members_are_slices_of_their_text() {
    let text = " { \"a\" : 1.50 ,\n\"\\u0062\":[ 1 , {} ] } ";
    let members = members(text).unwrap();
    let seen: Vec<_> = members.iter().map(|member| (member.key().into_owned(), member.value.get())).collect();
    assert_eq!(seen, [(b"a".to_vec(), "1.50"), (b"b".to_vec(), "[ 1 , {} ]")]);
    let span = within(text, members[1].value.get()).unwrap();
    assert_eq!(&text[span], "[ 1 , {} ]");
    assert_eq!(within(text, "elsewhere"), None);
}

#[test]
fn elements_are_slices_of_their_text() {
    let texts: Vec<_> =
        elements("[ 1e400 , \"a,b\" ,[[]], null]").unwrap().iter().map(|raw| raw.get()).collect();
    assert_eq!(texts, ["1e400", "\"a,b\"", "[[]]", "null"]);
    assert!(elements("{}").is_err() && members("[]").is_err() && members("1").is_err());
}

#[test]
fn strings_are_unescaped_to_wtf_8() {
    assert_eq!(unescaped(r#""plain""#).as_ref(), b"plain");
    assert_eq!(unescaped(r#""\u00e9\n\"""#).as_ref(), "é\n\"".as_bytes());
    assert_eq!(unescaped(r#""\ud83d\ude00""#).as_ref(), "😀".as_bytes());
    assert_eq!(unescaped(r#""\ud800""#).as_ref(), b"\xED\xA0\x80");
    assert_eq!(unescaped(r#""\ud800\ud800a""#).as_ref(), b"\xED\xA0\x80\xED\xA0\x80a");
    assert_eq!(unescaped(r#""\udc00\ud800\n""#).as_ref(), b"\xED\xB0\x80\xED\xA0\x80\n");
}

#[test]
fn the_first_character_tells_the_kind() {
    for (text, expected) in [
        (" {}", Kind::Object),
        ("[]", Kind::Array),
        ("\"\"", Kind::String),
        ("-1", Kind::Number),
        ("0", Kind::Number),
        ("true", Kind::Literal),
        ("null", Kind::Literal),
    ] {
        assert_eq!(kind(text), expected, "{text}");
    }
}
