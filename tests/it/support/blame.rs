//! Who changed a value, found by reading every version: what `GET /blame` has to agree with.

use serde_json::Value;
use waymark::config::diff::{Earlier, follow};
use waymark::config::pointer::Pointer;

use super::{Person, Stack};

/// Places of a config, `count` of them spread over all that it has.
pub(crate) fn places(config: &str, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    let value: Value = serde_json::from_str(config).unwrap();
    below(&value, &mut String::new(), &mut all);
    let step = (all.len() / count).max(1);
    // A step that shares no factor with the usual sizes of arrays, so that not every place is the same member.
    (0..count.min(all.len())).map(|n| all[(n * step + n * 7919) % all.len()].clone()).collect()
}

fn below(value: &Value, path: &mut String, all: &mut Vec<String>) {
    all.push(path.clone());
    let length = path.len();
    let mut child = |token: &str, value: &Value, path: &mut String| {
        path.push('/');
        path.push_str(&token.replace('~', "~0").replace('/', "~1"));
        below(value, path, all);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| child(key, value, path)),
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                child(&index.to_string(), value, path);
            }
        }
        _ => {}
    }
}

/// The number of the version that gave a place of the newest one its value, from 1, comparing every pair of versions.
pub(crate) fn by_reading_all(versions: &[String], place: &str) -> usize {
    let mut place: Pointer = place.parse().unwrap();
    for number in (2..=versions.len()).rev() {
        match follow(&versions[number - 2], &versions[number - 1], &place) {
            Earlier::Same(was) => place = was,
            _ => return number,
        }
    }
    1
}

/// What `GET /blame` says of a place: the version, following `next` where there is one.
pub(crate) async fn blamed(stack: &Stack, person: &Person, place: &str) -> u64 {
    let query: String = url(place);
    let mut path = format!("{}/blame?path={query}", super::stack::ENV);
    loop {
        let answer = stack.get(person, &path, &[]).await.is(200);
        if answer.at("/complete") == true {
            return answer.at("/entry/version").as_u64().unwrap();
        }
        path = answer.at("/next").as_str().unwrap().to_owned();
    }
}

/// Percent-encoded for a query.
pub(crate) fn url(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
