use std::fmt::Write as _;

use proptest::prelude::*;

use super::{DeltaError, MAX_DELTA, TWICE, checked, compress, decode, decompress};

/// A delta of any length.
fn encode(keyframe: &[u8], text: &[u8]) -> Result<Vec<u8>, DeltaError> {
    super::encode(keyframe, text, usize::MAX).map(Option::unwrap)
}

/// A JSON text of about `bytes` bytes in which little repeats exactly.
fn document(bytes: usize, mut seed: u64) -> String {
    let mut text = String::from("[");
    while text.len() < bytes {
        // A linear congruential generator: the texts are the same in every run.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let _ = write!(
            text,
            "{{\"id\":{},\"title\":\"Panel {:x}\",\"width\":{}}},",
            seed >> 40,
            seed >> 20,
            seed >> 60
        );
    }
    text.push_str("{}]");
    text
}

/// Replaces `length` bytes at each place by `new`, from the end on.
fn edited(text: &str, edits: &[(usize, usize, String)]) -> String {
    let mut text = text.as_bytes().to_vec();
    for (place, length, new) in edits {
        let start = place % (text.len() + 1);
        let end = (start + length).min(text.len());
        text.splice(start..end, new.bytes());
    }
    String::from_utf8_lossy(&text).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_delta_decodes_to_its_text(
        bytes in 0usize..40_000,
        seed in any::<u64>(),
        edits in prop::collection::vec((any::<usize>(), 0usize..300, "[a-z{}\",é]{0,60}"), 0..6),
    ) {
        let keyframe = document(bytes, seed);
        let text = edited(&keyframe, &edits);
        let delta = encode(keyframe.as_bytes(), text.as_bytes()).unwrap();
        prop_assert_eq!(decode(keyframe.as_bytes(), &delta, text.len()).unwrap(), text.as_bytes());
    }

    #[test]
    fn unrelated_bytes_survive_too(
        keyframe in prop::collection::vec(any::<u8>(), 0..2_000),
        text in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let delta = encode(&keyframe, &text).unwrap();
        prop_assert_eq!(decode(&keyframe, &delta, text.len()).unwrap(), text.clone());
        let object = compress(&text).unwrap();
        prop_assert_eq!(decompress(&object, text.len()).unwrap(), text);
    }
}

/// A text and what a few small edits make of it.
fn pair(bytes: usize) -> (String, String) {
    let keyframe = document(bytes, 7);
    let edits = [10, bytes / 2, bytes - 10].map(|place| (place, 9, "\"edited\"".to_owned()));
    let text = edited(&keyframe, &edits);
    (keyframe, text)
}

#[test]
fn small_edits_of_large_texts_fit_an_entry() {
    // One length for each way of encoding. zstd spends about 14 bytes on each block of 128 KB, so that from about 19 MB on
    // deltas are compressed twice.
    let cases = [
        (50_000, 300),
        (250_000, 300),
        (700_000, 400),
        (1_800_000, 500),
        (15_000_000, MAX_DELTA),
        (20_000_000, 500),
        (33_000_000, 500),
    ];
    for (bytes, most) in cases {
        let (keyframe, text) = pair(bytes);
        let delta = super::encode(keyframe.as_bytes(), text.as_bytes(), MAX_DELTA).unwrap().unwrap();
        assert!(delta.len() <= most, "{bytes}: {} bytes", delta.len());
        assert_eq!(delta[0] == TWICE, bytes >= 20_000_000, "{bytes}");
        assert!(decode(keyframe.as_bytes(), &delta, text.len()).unwrap() == text.as_bytes(), "{bytes}");
    }
}

#[test]
fn a_damaged_delta_that_was_compressed_twice_is_an_error_or_another_text() {
    let (keyframe, text) = pair(20_000_000);
    let delta = super::encode(keyframe.as_bytes(), text.as_bytes(), MAX_DELTA).unwrap().unwrap();
    for cut in 0..delta.len() {
        assert!(decode(keyframe.as_bytes(), &delta[..cut], text.len()).is_err(), "cut at {cut}");
    }
    assert!(decode(keyframe.as_bytes(), &delta, text.len() - 1).is_err());
    let thrice = [&[TWICE], compress(&delta).unwrap().as_slice()].concat();
    let thrice = decode(keyframe.as_bytes(), &thrice, text.len());
    assert!(matches!(thrice, Err(DeltaError::NotAFrame)), "{thrice:?}");
    let bomb = compress(&vec![b' '; 50_000_000]).unwrap();
    let bomb = decode(keyframe.as_bytes(), &[&[TWICE], bomb.as_slice()].concat(), text.len());
    assert!(matches!(bomb, Err(DeltaError::TooLong { .. })), "{bomb:?}");
}

#[test]
fn a_text_that_moved_far_is_still_found() {
    // The end of the text lies a whole keyframe behind its match: the window must reach there.
    let keyframe = document(3_000_000, 3);
    let (start, end) = keyframe.split_at(1_500_000);
    let text = format!("{end}{start}");
    let delta = encode(keyframe.as_bytes(), text.as_bytes()).unwrap();
    assert!(delta.len() <= MAX_DELTA, "{} bytes", delta.len());
}

#[test]
fn a_delta_that_does_not_decode_to_its_text_is_not_kept() {
    let keyframe = document(10_000, 1);
    let [text, other] = ["x", "y"].map(|letter| edited(&keyframe, &[(500, 3, letter.to_owned())]));
    let delta = encode(keyframe.as_bytes(), other.as_bytes()).unwrap();
    let kept = checked(keyframe.as_bytes(), text.as_bytes(), delta.clone());
    assert!(matches!(kept, Err(DeltaError::NotReversible)), "{kept:?}");
    assert_eq!(checked(keyframe.as_bytes(), other.as_bytes(), delta.clone()).unwrap(), delta);
}

#[test]
fn a_delta_of_another_length_is_an_error() {
    let keyframe = document(10_000, 1);
    let text = edited(&keyframe, &[(500, 3, "x".to_owned())]);
    let delta = encode(keyframe.as_bytes(), text.as_bytes()).unwrap();
    for bytes in [0, 1, text.len() - 1, text.len() + 1, text.len() * 2] {
        assert!(decode(keyframe.as_bytes(), &delta, bytes).is_err(), "{bytes}");
    }
    let shorter = decode(keyframe.as_bytes(), &delta, text.len() + 1);
    assert!(matches!(shorter, Err(DeltaError::Length { .. })), "{shorter:?}");
}

#[test]
fn damage_is_an_error_or_another_text_and_never_a_panic() {
    let keyframe = document(5_000, 1);
    let text = edited(&keyframe, &[(2_000, 3, "edited".to_owned())]);
    let delta = encode(keyframe.as_bytes(), text.as_bytes()).unwrap();
    for cut in 0..delta.len() {
        assert!(decode(keyframe.as_bytes(), &delta[..cut], text.len()).is_err(), "cut at {cut}");
    }
    let longer = [delta.as_slice(), &[0]].concat();
    assert!(decode(keyframe.as_bytes(), &longer, text.len()).is_err());
    let twice = [delta.as_slice(), &delta].concat();
    assert!(decode(keyframe.as_bytes(), &twice, text.len()).is_err());
    for other in [document(5_000, 2).as_bytes(), &[]] {
        assert!(decode(other, &delta, text.len()).ok().as_deref() != Some(text.as_bytes()));
    }
}

#[test]
fn every_flipped_byte_of_a_keyframe_object_is_noticed() {
    let text = document(3_000, 1);
    let object = compress(text.as_bytes()).unwrap();
    assert!(object.len() < text.len() / 2);
    for place in 0..object.len() {
        let mut damaged = object.clone();
        damaged[place] ^= 0x10;
        let read = decompress(&damaged, text.len());
        // The header's spare bits change nothing; what must not happen is another text.
        assert!(read.is_err() || read.is_ok_and(|read| read == text.as_bytes()), "byte {place}");
    }
    assert!(decompress(&[object.as_slice(), b"x"].concat(), text.len()).is_err());
    assert!(decompress(&object[..object.len() - 1], text.len()).is_err());
    assert!(decompress(b"", 10).is_err());
}

#[test]
fn decompressing_stops_at_the_limit() {
    let object = compress(&vec![b' '; 50_000_000]).unwrap();
    assert!(object.len() < 10_000);
    assert!(decompress(&object, 1_000_000).is_err());
    assert!(decompress(&object, 50_000_000).is_ok());
    let text = document(10_000, 1);
    let object = compress(text.as_bytes()).unwrap();
    assert!(decompress(&object, text.len()).is_ok());
    assert!(matches!(decompress(&object, text.len() - 1), Err(DeltaError::TooLong { .. })));
}

#[test]
fn a_keyframe_object_states_its_length_and_has_a_checksum() {
    let object = compress(b"{\"a\":1}").unwrap();
    // Frame header descriptor (RFC 8878, section 3.1.1.1.1): bit 2 is the checksum, bit 5 the single segment,
    // whose length follows.
    assert_eq!(object[4] & 0b0010_0100, 0b0010_0100);
    assert_eq!(object[5], 7);
}
