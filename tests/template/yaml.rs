//! YAML as CloudFormation writes it: a short form such as `!Ref Table` becomes `{"!Ref": "Table"}`.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The document in a text.
pub(crate) fn parse(text: &str) -> Value {
    value(Yaml::load_from_str(text).unwrap().first().unwrap())
}

fn value(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(yes)) => json!(yes),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(members) => {
            let name = |key: &Yaml<'_>| key.as_str().unwrap().to_owned();
            members.iter().map(|(key, member)| (name(key), value(member))).collect::<Map<_, _>>().into()
        }
        Yaml::Tagged(tag, node) => json!({ format!("!{}", tag.suffix): value(node) }),
        other => panic!("not used in templates: {other:?}"),
    }
}
