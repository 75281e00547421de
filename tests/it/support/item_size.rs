//! The size of an item as DynamoDB counts it
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).

use aws_sdk_dynamodb::types::AttributeValue;
use waymark::entry::Item;

/// The bytes of an item: writing it costs a unit for each KB begun.
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of(value)).sum()
}

fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        // "(number of UTF-8-encoded bytes of attribute name) + (1 byte per two significant digits) + (1 byte)"
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        // "3 bytes of overhead", and one for each member.
        AttributeValue::M(members) => 3 + members.len() + size(members),
        AttributeValue::L(elements) => 3 + elements.iter().map(|element| 1 + size_of(element)).sum::<usize>(),
        other => panic!("no entry has a {other:?}"),
    }
}
