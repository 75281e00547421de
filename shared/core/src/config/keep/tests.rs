use super::*;

fn config(text: &str) -> Config {
    Config::check(text.as_bytes().to_vec()).unwrap()
}

fn keep(paths: &[&str]) -> Keep {
    serde_json::from_value(serde_json::json!(paths)).unwrap()
}

fn kept(incoming: &str, own: &str, paths: &[&str]) -> String {
    apply(&config(incoming), &config(own), &keep(paths)).unwrap().text().to_owned()
}

#[test]
fn own_values_stay_and_the_rest_keeps_its_text() {
    let incoming = "{\n  \"title\": \"New\",\n  \"db\": { \"url\" : \"staging\", \"size\": 1.0 }\n}\n";
    let own = r#"{"title":"Old","db":{"url":"production","size":9}}"#;
    assert_eq!(
        kept(incoming, own, &["/db/url"]),
        "{\n  \"title\": \"New\",\n  \"db\": { \"url\" : \"production\", \"size\": 1.0 }\n}\n"
    );
    assert_eq!(kept(incoming, own, &["/absent/url", "/title/x"]), incoming);
    assert_eq!(kept(incoming, own, &[]), incoming);
    // The same value in another spelling is the same value.
    assert_eq!(kept(r#"{"a": 1.0}"#, r#"{"a": 1}"#, &["/a"]), r#"{"a": 1.0}"#);
    // Whole values, of any kind, at any level.
    assert_eq!(kept(r#"{"a": {"b": 1}}"#, r#"{"a": [null]}"#, &["/a"]), r#"{"a": [null]}"#);
    assert_eq!(kept(r#"{"a~/b": 1}"#, r#"{"a~/b": 2}"#, &["/a~0~1b"]), r#"{"a~/b": 2}"#);
    assert_eq!(kept(r#"{"n": 1}"#, r#"{"n": 1e400}"#, &["/n"]), r#"{"n": 1e400}"#);
}

#[test]
fn a_star_is_any_one_level() {
    let incoming = r#"{"resources": {"db": {"url": "s1"}, "api": {"url": "s2"}, "new": {"url": "s3"}}}"#;
    let own = r#"{"resources": {"api": {"url": "p2"}, "db": {"url": "p1"}, "gone": {"url": "p4"}}}"#;
    assert_eq!(
        kept(incoming, own, &["/resources/*/url"]),
        r#"{"resources": {"db": {"url": "p1"}, "api": {"url": "p2"}, "new": {"url": "s3"}}}"#
    );
    // What the other environment took away is gone, and what is new there is as it is there.
    assert_eq!(
        kept(incoming, own, &["/resources/*"]),
        r#"{"resources": {"db": {"url": "p1"}, "api": {"url": "p2"}, "new": {"url": "s3"}}}"#
    );
    assert_eq!(
        kept(r#"{"a":{"b":{"c":1}}}"#, r#"{"a":{"b":{"c":2}}}"#, &["/*/*/c"]),
        r#"{"a":{"b":{"c":2}}}"#
    );
    assert_eq!(kept(r#"{"a":{"b":{"c":1}}}"#, r#"{"a":{"b":{"c":2}}}"#, &["/*/c"]), r#"{"a":{"b":{"c":1}}}"#);
}

#[test]
fn a_named_member_that_is_missing_is_added() {
    assert_eq!(
        kept(r#"{"db": {"size": 1}}"#, r#"{"db": {"url": "p"}}"#, &["/db/url"]),
        r#"{"db": {"size": 1, "url": "p"}}"#
    );
    assert_eq!(
        kept(r#"{"r": [{"id": 1}]}"#, r#"{"r": [{"id": 1, "url": "p"}]}"#, &["/r/*/url"]),
        r#"{"r": [{"id": 1, "url": "p"}]}"#
    );
    // Not where the other environment has nothing around it.
    assert_eq!(kept(r#"{"a": 1}"#, r#"{"db": {"url": "p"}}"#, &["/db/url"]), r#"{"a": 1}"#);
}

#[test]
fn elements_are_matched_by_what_tells_them_apart() {
    let own = r#"[{"id": "a", "url": "pa"}, {"id": "b", "url": "pb"}]"#;
    // Inserted before, moved, removed.
    assert_eq!(
        kept(
            r#"[{"id": "c", "url": "sc"}, {"id": "b", "url": "sb"}, {"id": "a", "url": "sa"}]"#,
            own,
            &["/*/url"]
        ),
        r#"[{"id": "c", "url": "sc"}, {"id": "b", "url": "pb"}, {"id": "a", "url": "pa"}]"#
    );
    assert_eq!(kept(r#"[{"id": "b", "url": "sb"}]"#, own, &["/*/url"]), r#"[{"id": "b", "url": "pb"}]"#);
    // An id that two elements share tells nothing; their names do.
    assert_eq!(
        kept(
            r#"[{"id": 0, "name": "y", "url": "s"}, {"id": 0, "name": "x", "url": "s"}]"#,
            r#"[{"id": 0, "name": "x", "url": "px"}, {"id": 0, "name": "y", "url": "py"}]"#,
            &["/*/url"]
        ),
        r#"[{"id": 0, "name": "y", "url": "py"}, {"id": 0, "name": "x", "url": "px"}]"#
    );
    // What is kept itself tells nothing where none is known.
    assert_eq!(
        kept(r#"[{"url": "s1"}, {"url": "s2"}]"#, r#"[{"url": "p1"}, {"url": "p2"}]"#, &["/*/url"]),
        r#"[{"url": "p1"}, {"url": "p2"}]"#
    );
    // Without any, by position, where there are as many.
    assert_eq!(kept(r#"["s1", "s2"]"#, r#"["p1", "p2"]"#, &["/1"]), r#"["s1", "p2"]"#);
}

fn ambiguous(incoming: &str, own: &str, paths: &[&str]) -> Vec<String> {
    match apply(&config(incoming), &config(own), &keep(paths)) {
        Err(KeepError::Ambiguous { paths }) => paths,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_kept_tells_no_elements_apart() {
    // Of two of one type, one URL is the same in both environments for once: it leads to no other element.
    let r = |urls: [&str; 2]| {
        let resource = |url| serde_json::json!({"type": "pg", "url": url});
        serde_json::json!({ "r": urls.map(resource) }).to_string()
    };
    let own = r(["prod-1", "prod-2"]);
    for incoming in [["prod-2", "staging-2"], ["staging-1", "prod-1"], ["prod-2", "prod-1"], ["s1", "s2"]] {
        assert_eq!(kept(&r(incoming), &own, &["/r/*/url"]), own, "{incoming:?}");
    }
    // One value is the same in both environments; the others are not.
    let own = r#"[{"type": "pg", "url": "same"}, {"type": "pg", "url": "p2"}]"#;
    assert_eq!(
        kept(r#"[{"type": "pg", "url": "s1"}, {"type": "pg", "url": "same"}]"#, own, &["/*/url"]),
        r#"[{"type": "pg", "url": "same"}, {"type": "pg", "url": "p2"}]"#
    );
    // Nor does another that is kept.
    let own = r#"[{"url": "p1", "token": "t1"}, {"url": "p2", "token": "t2"}]"#;
    let incoming = r#"[{"url": "p2", "token": "u"}, {"url": "s", "token": "t1"}]"#;
    assert_eq!(kept(incoming, own, &["/*/url", "/*/token"]), own);
    // An id that is kept says nothing of the element either.
    let own = r#"[{"id": 1, "url": "p1"}, {"id": 2, "url": "p2"}]"#;
    assert_eq!(kept(r#"[{"id": 2, "url": "s1"}, {"id": 3, "url": "s2"}]"#, own, &["/*/id", "/*/url"]), own);
}

#[test]
fn values_that_may_be_anothers_are_not_kept_without_a_word() {
    let path = ["/r/*/url".to_owned()];
    let r = |elements: &str| format!("{{\"r\": [{elements}]}}");
    for (incoming, own) in [
        // One more of what nothing tells apart.
        (r#"{"t": 1, "url": "s"}, {"t": 1, "url": "s"}"#, r#"{"t": 1, "url": "p"}"#),
        // Renamed or replaced.
        (
            r#"{"n": "x", "url": "s"}, {"n": "y", "url": "s"}, {"n": "z", "url": "s"}"#,
            r#"{"n": "a", "url": "p1"}, {"n": "b", "url": "p2"}"#,
        ),
        // Another kind of thing.
        (r#"{"n": "a", "url": "s"}, 5"#, r#"7, {"n": "a", "m": 1, "url": "p"}, {"n": "b", "url": "q"}"#),
    ] {
        assert_eq!(ambiguous(&r(incoming), &r(own), &["/r/*/url", "/title"]), path, "{incoming} {own}");
    }
    // Numbers that may have been given out anew.
    let incoming = r#"[{"id": 1, "t": 2, "url": "s1"}, {"id": 2, "t": 1, "url": "s2"}]"#;
    assert_eq!(ambiguous(incoming, r#"[{"id": 1, "t": 1, "url": "p"}]"#, &["/*/url"]), ["/*/url"]);
    // Where all is kept, values tell nothing.
    assert_eq!(ambiguous(r#"["s1", "s2"]"#, r#"["p1"]"#, &["/*"]), ["/*"]);
    assert_eq!(ambiguous("[3, 4, 1]", "[3, 3, 4, 2]", &["/*"]), ["/*"]);
    // Where all have the same, it does not matter whose it is.
    let (incoming, own) = (r#"{"t": 1, "url": "p"}, {"t": 1, "url": "p"}"#, r#"{"t": 1, "url": "p"}"#);
    assert_eq!(kept(&r(incoming), &r(own), &["/r/*/url"]), r(incoming));
}

#[test]
fn paths_are_checked() {
    for bad in ["", "x", "a/b", "/~2", &format!("/{}", "x".repeat(MAX_PATH))] {
        assert!(bad.parse::<KeepPath>().is_err(), "{bad}");
    }
    for good in ["/", "/*", "/a/*/b", "/a~1b", &format!("/{}", "x".repeat(MAX_PATH - 1))] {
        assert_eq!(good.parse::<KeepPath>().unwrap().to_string(), good);
    }
    let paths = |count| serde_json::from_value::<Keep>(serde_json::json!(vec!["/a"; count]));
    assert!(paths(MAX_PATHS).is_ok() && paths(MAX_PATHS + 1).is_err());
    let written = serde_json::to_value(keep(&["/a", "/*"])).unwrap();
    assert_eq!(written, serde_json::json!(["/a", "/*"]));
}

#[test]
fn overlapping_paths_agree() {
    let (incoming, own) = (r#"{"a": {"b": 1}}"#, r#"{"a": {"b": 2, "c": 3}}"#);
    for paths in [["/a", "/a/b"], ["/a/b", "/a"]] {
        assert_eq!(kept(incoming, own, &paths), r#"{"a": {"b": 2, "c": 3}}"#);
    }
    // The places of elements are those of the incoming array, which is replaced.
    let incoming =
        r#"{"r": [{"id": "b", "url": "s.b"}, {"id": "a", "url": "s.a"}, {"id": "c", "url": "s.c"}]}"#;
    let own = r#"{"r": [{"id": "a", "url": "p.a"}, {"id": "c", "url": "p.c"}]}"#;
    for paths in [["/r", "/r/*/url"], ["/r/*/url", "/r"], ["/r/*/url", "/*"]] {
        assert_eq!(kept(incoming, own, &paths), own, "{paths:?}");
    }
    // One path replaces what another reaches into.
    assert_eq!(kept(r#"{"a": {"b": 1}}"#, r#"{"a": 7}"#, &["/a", "/a/b"]), r#"{"a": 7}"#);
}
