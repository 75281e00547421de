//! What is fuzzed, and what has to hold for any input. A target is a function of this name; none may panic, hang, or take
//! more memory than its input explains.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    clippy::unwrap_used,
    reason = "parts of the library, taken by their paths"
)]

use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde_json::Value;

pub mod backup;
#[path = "../../../shared/src/caller.rs"]
pub mod caller;
#[path = "../../../shared/src/error.rs"]
pub mod error;
#[path = "../../../shared/src/id.rs"]
pub mod id;
#[path = "../../../shared/src/key.rs"]
pub mod key;
#[path = "../../../shared/src/number.rs"]
pub mod number;

/// Of entries, which know DynamoDB's types, the one part that the others use.
pub mod entry {
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    pub struct Author {
        pub id: String,
        pub name: String,
    }
}

pub use waymark_core::{config, delta, hash, schema, visible};

use backup::{BackupId, File, gunzip, is_backup, is_gzip};
use caller::{Caller, DEFAULT_GRANTS_CLAIM, Grant, Role};
use config::{Config, ConfigError, Outlined, Text};
use id::{AppName, EnvId, SnapshotName, Version, VersionRef};

/// Decompressing more than this makes runs slow, and finds nothing else.
const SHORT: usize = 64 * 1024;

/// Two texts in one input, divided by a byte that no JSON text has.
fn two(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..at], &data[at + 1..]))
}

/// A text is a config exactly when it is JSON for serde, one object or array, and within the limits; and it comes back as it was.
pub fn config(data: &[u8]) {
    let is_json = serde_json::from_slice::<IgnoredAny>(data).is_ok();
    match Config::check(data.to_vec()) {
        Ok(config) => {
            assert!(is_json);
            assert_eq!(config.text().as_bytes(), data);
            assert_eq!(Config::restored(data.to_vec(), config.sha256()).unwrap().sha256(), config.sha256());
        }
        Err(ConfigError::Syntax { line, column, .. }) => {
            assert!(!is_json);
            assert!(line >= 1 && column >= 1);
        }
        Err(ConfigError::DuplicateKey { .. } | ConfigError::TooDeep { .. } | ConfigError::NotAContainer) => {
            assert!(is_json)
        }
        Err(_) => {}
    }
}

/// Checking an edit says what checking its text says.
pub fn edit(data: &[u8]) {
    let Some((before, after)) = two(data) else { return };
    let Ok(before) = Config::check(before.to_vec()) else { return };
    let found = Text::read(after.to_vec()).and_then(|text| text.check_edit(&Outlined::of(before)));
    let expected = Config::check(after.to_vec());
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
}

/// Whatever a delta says, what it gives has the recorded length; what was encoded decodes; and of what was damaged since, nothing
/// of another length comes back.
pub fn delta(data: &[u8]) {
    let Some((&[kind, high, low], data)) = data.split_first_chunk::<3>() else { return };
    let Some((keyframe, rest)) = data.split_at_checked(usize::from(u16::from_be_bytes([high, low]))) else {
        return;
    };
    if kind % 2 == 0 {
        let mut encoded = delta::encode(keyframe, rest, usize::MAX).unwrap().unwrap();
        assert_eq!(delta::decode(keyframe, &encoded, rest.len()).unwrap(), rest);
        let mut compressed = delta::compress(rest).unwrap();
        assert_eq!(delta::decompress(&compressed, rest.len()).unwrap(), rest);
        for frame in [&mut encoded, &mut compressed] {
            let at = usize::from(kind) % frame.len();
            frame[at] ^= low | 1;
        }
        if let Ok(text) = delta::decode(keyframe, &encoded, rest.len()) {
            assert_eq!(text.len(), rest.len());
        }
        if let Ok(text) = delta::decompress(&compressed, SHORT) {
            assert!(text.len() <= SHORT);
        }
        return;
    }
    let bytes = usize::from(kind) * 256;
    if let Ok(text) = delta::decode(keyframe, rest, bytes) {
        assert_eq!(text.len(), bytes);
    }
    if let Ok(text) = delta::decompress(rest, bytes) {
        assert!(text.len() <= bytes);
    }
}

/// A file that is read is written and read again as the same; what is in it is a config.
pub fn backup_file(data: &[u8]) {
    if is_gzip(data) && data.len() < SHORT {
        let _ = gunzip(data).map(|document| document.len() < SHORT && File::parse(&document).is_ok());
        return;
    }
    let Ok(checked) = File::parse(data) else { return };
    assert!(is_backup(data));
    assert_eq!(Config::check(checked.config.bytes()).unwrap().sha256(), checked.file.config.sha256);
    let again = File::read(&checked.file.write().unwrap()).unwrap();
    assert_eq!(again.file, checked.file);
    assert_eq!(again.config, checked.config);
    assert_eq!(again.live, checked.live);
}

/// What comes out of a patch (RFC 6902) is a config.
pub fn json_patch(data: &[u8]) {
    let Some((config, patch)) = two(data) else { return };
    let Ok(config) = Config::check(config.to_vec()) else { return };
    if let Ok(patched) = config::patch::apply(&config, patch) {
        assert_eq!(Config::check(patched.bytes()).unwrap().sha256(), patched.sha256());
    }
}

/// A merge patch (RFC 7396) gives what the RFC's own function gives.
pub fn merge_patch(data: &[u8]) {
    let Some((config, patch)) = two(data) else { return };
    let Ok(config) = Config::check(config.to_vec()) else { return };
    let Ok(patched) = config::merge_patch::apply(&config, patch) else { return };
    // Numbers that serde cannot hold have no value to compare.
    let value = |text: &[u8]| serde_json::from_slice::<Value>(text);
    let (Ok(target), Ok(patch), Ok(found)) =
        (value(config.text().as_bytes()), value(patch), value(patched.text().as_bytes()))
    else {
        return;
    };
    assert_eq!(merged(target, patch), found);
}

/// RFC 7396, section 2.
fn merged(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut target = if let Value::Object(target) = target { target } else { serde_json::Map::new() };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            let before = target.remove(&name).unwrap_or_default();
            target.insert(name, merged(before, value));
        }
    }
    Value::Object(target)
}

/// The patch between two configs turns one into the other.
pub fn diff(data: &[u8]) {
    let Some((before, after)) = two(data) else { return };
    let (Ok(before), Ok(after)) = (Config::check(before.to_vec()), Config::check(after.to_vec())) else {
        return;
    };
    let found = config::diff::diff(before.text(), after.text());
    let _ = config::diff::text(&found);
    let patch = config::diff::patch(before.text(), after.text());
    let Ok(patched) = config::patch::apply(&before, patch.as_bytes()) else {
        panic!("the patch does not fit: {patch}");
    };
    assert!(config::diff::diff(patched.text(), after.text()).changes.is_empty(), "{patch}");
}

/// What is read from a key or a name is written as the same text.
pub fn key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(env) = text.parse::<EnvId>() {
        assert_eq!((env.to_string().as_str(), key::parse_registered(text).as_ref()), (text, Some(&env)));
        assert_ne!(key::environment(&env), key::REGISTRY);
        assert_ne!(key::environment(&env), key::app(&env.app));
    }
    if let Ok(name) = text.parse::<SnapshotName>() {
        assert_eq!(name.to_string(), text);
        assert!(text.parse::<Version>().is_err());
    }
    if let Ok(version) = text.parse::<Version>() {
        assert_eq!(version.to_string(), text);
        assert_eq!(key::parse_entry(&key::entry(version)), Some(version));
        assert_eq!(key::parse_marker(&key::marker(version)), Some(version));
    }
    if let Ok(wanted) = text.parse::<VersionRef>() {
        assert_eq!(wanted.to_string(), text);
    }
    if let Some(version) = key::parse_entry(text) {
        assert_eq!(key::entry(version), text);
    }
    if let Some(version) = key::parse_marker(text) {
        assert_eq!(key::marker(version), text);
    }
    let env = EnvId { app: "crm".parse().unwrap(), env: "production".parse().unwrap() };
    if let Some(id) = key::parse_backup_object(&env, text) {
        assert_eq!(key::backup_object(&env, &id), text);
    }
    if let Ok(id) = text.parse::<BackupId>() {
        assert_eq!(id.to_string(), text);
        assert_eq!(key::parse_backup_object(&env, &key::backup_object(&env, &id)), Some(id));
    }
}

/// Grants give no more together than each gives alone, and whoever may view an environment is shown it.
pub fn grants(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((places, text)) = text.split_once('\n') else { return };
    let caller = |grants: &str| {
        let claims = HashMap::from([
            ("sub".to_owned(), "u".to_owned()),
            (DEFAULT_GRANTS_CLAIM.to_owned(), grants.to_owned()),
        ]);
        Caller::from_claims(&claims, DEFAULT_GRANTS_CLAIM).unwrap()
    };
    let all = caller(text);
    let each: Vec<Grant> = text
        .split(|c: char| c.is_whitespace() || ",[]".contains(c))
        .filter_map(|text| text.parse().ok())
        .collect();
    for grant in &each {
        assert_eq!(grant.to_string().parse::<Grant>().unwrap(), *grant);
    }
    for place in places.split(' ').take(8) {
        let Ok(env) = place.parse::<EnvId>() else { continue };
        let most = each.iter().filter_map(|grant| caller(&grant.to_string()).role(&env)).max();
        assert!(all.role(&env) <= most, "{text}");
        assert!(all.app_role(&env.app) <= all.role(&env));
        if all.role(&env) >= Some(Role::Viewer) {
            assert!(all.visible_prefixes().iter().any(|prefix| place.starts_with(prefix.as_str())));
        }
    }
}
