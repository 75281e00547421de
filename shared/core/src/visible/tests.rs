use proptest::prelude::*;

use super::{all_visible, is_hidden, visible, visible_lines, without_hidden};

/// Every code point that must not reach a person raw: controls, line separators, and what turns the direction of writing.
fn dangerous() -> impl Iterator<Item = char> {
    let controls = (0..=0x1f).chain(0x7f..=0x9f);
    let others = [0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x2060, 0xfeff].into_iter();
    let bidi = (0x202a..=0x202e).chain(0x2066..=0x2069);
    controls.chain(others).chain(bidi).filter_map(char::from_u32)
}

#[test]
fn every_control_and_every_mark_of_direction_is_written_out() {
    for c in dangerous() {
        for text in [format!("a{c}b"), format!("é{c}é"), c.to_string(), format!("{c}{c}")] {
            for shown in [visible(&text), all_visible(&text)] {
                assert!(!shown.chars().any(|shown| shown == c), "U+{:04X}: {shown:?}", u32::from(c));
                assert!(shown.contains('\\'), "U+{:04X}: {shown:?}", u32::from(c));
            }
            let lines = visible_lines(&text);
            assert!(matches!(c, '\n' | '\t') || !lines.contains(c), "U+{:04X}: {lines:?}", u32::from(c));
        }
    }
}

#[test]
fn how_it_is_written() {
    for (text, shown) in [
        ("plain, ünïcode, 日本語 \\ \"x\"", "plain, ünïcode, 日本語 \\ \"x\""),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u{1b}[31mred", "\\u001b[31mred"),
        ("admin\u{202e}gnp.exe", "admin\\u202egnp.exe"),
        ("x\u{e0001}y", "x\\u{e0001}y"),
        ("pass\u{200b}word", "pass\\u200bword"),
        // Writing that needs its joiners: Persian, and a woman at a computer with a heart.
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥", "👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥"),
        ("a\u{200d}b", "a\\u200db"),
        ("é\u{200d}", "é\\u200d"),
    ] {
        assert_eq!(visible(text), shown);
    }
    assert_eq!(all_visible("👩\u{200d}💻"), "👩\\u200d💻");
    assert_eq!(visible_lines("one\ntwo\u{202e}"), "one\ntwo\\u202e");
    assert_eq!(without_hidden("a\u{200b}\n b"), "a\n b");
}

proptest! {
    #[test]
    fn nothing_hidden_is_left_and_nothing_else_is_touched(text in any::<String>()) {
        prop_assert!(!all_visible(&text).chars().any(is_hidden));
        let once = visible(&text);
        prop_assert_eq!(visible(&once), once.as_ref());
        let seen: String = text.chars().filter(|c| !is_hidden(*c)).collect();
        prop_assert_eq!(visible(&seen), seen.as_str());
    }
}
