//! The chain of hashes: every entry holds the hash of the entry before it.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::item::Item;
use crate::hash::Sha256;

/// The canonical form of an item, over which its hash is taken: the item as DynamoDB's own JSON
/// (`{"at":{"N":"1"},…}`), every object's keys in the order of their bytes, sets sorted by their text, binary in
/// base64 with padding, no white space, UTF-8. All attributes count, those that this library does not know
/// and `pk` and `sk` included, so that an export of the table can be checked with other tools.
pub fn canonical(item: &Item) -> Vec<u8> {
    // serde_json's own map keeps its keys sorted: the feature `preserve_order` is off in this workspace.
    let tagged = Value::Object(item.iter().map(|(name, value)| (name.clone(), tagged(value))).collect());
    tagged.to_string().into_bytes()
}

/// The hash that the next entry holds of this item.
pub fn link(item: &Item) -> Sha256 {
    Sha256::of(&canonical(item))
}

fn tagged(value: &AttributeValue) -> Value {
    let (tag, value) = match value {
        AttributeValue::S(text) => ("S", Value::from(text.as_str())),
        AttributeValue::N(number) => ("N", Value::from(number.as_str())),
        AttributeValue::B(bytes) => ("B", Value::from(STANDARD.encode(bytes))),
        AttributeValue::Bool(flag) => ("BOOL", Value::from(*flag)),
        AttributeValue::L(list) => ("L", list.iter().map(tagged).collect()),
        AttributeValue::M(map) => {
            ("M", Value::Object(map.iter().map(|(name, value)| (name.clone(), tagged(value))).collect()))
        }
        AttributeValue::Ss(set) => ("SS", sorted(set.iter().cloned())),
        AttributeValue::Ns(set) => ("NS", sorted(set.iter().cloned())),
        AttributeValue::Bs(set) => ("BS", sorted(set.iter().map(|bytes| STANDARD.encode(bytes)))),
        // `Null` and whatever the SDK adds: DynamoDB has no further types today.
        _ => ("NULL", Value::from(true)),
    };
    Value::Object([(tag.to_owned(), value)].into_iter().collect())
}

fn sorted(texts: impl Iterator<Item = String>) -> Value {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::primitives::Blob;

    use super::*;

    #[test]
    fn the_canonical_form_is_sorted_dynamodb_json() {
        let item = HashMap::from([
            ("b".to_owned(), AttributeValue::N("2".to_owned())),
            ("a".to_owned(), AttributeValue::B(Blob::new([1, 2, 3]))),
            (
                "c".to_owned(),
                AttributeValue::M(HashMap::from([
                    ("y".to_owned(), AttributeValue::Ss(vec!["q".to_owned(), "p".to_owned()])),
                    (
                        "x".to_owned(),
                        AttributeValue::L(vec![AttributeValue::Null(true), AttributeValue::Bool(false)]),
                    ),
                    ("z".to_owned(), AttributeValue::Ns(vec!["2".to_owned(), "10".to_owned()])),
                    ("zz".to_owned(), AttributeValue::Bs(vec![Blob::new([2]), Blob::new([1])])),
                ])),
            ),
        ]);
        assert_eq!(
            String::from_utf8(canonical(&item)).unwrap(),
            r#"{"a":{"B":"AQID"},"b":{"N":"2"},"c":{"M":{"x":{"L":[{"NULL":true},{"BOOL":false}]},"y":{"SS":["p","q"]},"z":{"NS":["10","2"]},"zz":{"BS":["AQ==","Ag=="]}}}}"#
        );
    }
}
