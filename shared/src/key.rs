//! Every key of the table and of the buckets is built, and read, here.
//!
//! DynamoDB orders sort keys by their bytes, so versions are ten digits. Within an environment `v#` is
//! the largest prefix: the newest entry is the last item of the partition.

use crate::backup::{BackupId, Class};
use crate::hash::Sha256;
use crate::id::{AppName, EnvId, SnapshotName, Version};

/// The partition of the registry of environments.
pub const REGISTRY: &str = "environments";

/// The sort key of the settings of an environment or of an app.
pub const SETTINGS: &str = "settings";

/// The sort key of the schema that an environment's configs are checked against.
pub const SCHEMA: &str = "schema";

/// What the sort keys of entries start with.
pub const ENTRY: &str = "v#";

/// What the sort keys of snapshot markers start with.
pub const MARKER: &str = "s#";

/// The partition of an environment: `{app}/{env}`.
pub fn environment(env: &EnvId) -> String {
    env.to_string()
}

/// The partition of an app's settings: `app#{app}`.
///
/// Not `app/{app}`, which is also the partition of environment `{app}` of an app named `app`.
pub fn app(app: &AppName) -> String {
    format!("app#{app}")
}

/// The sort key of an entry: `v#0000000042`.
pub fn entry(version: Version) -> String {
    format!("{ENTRY}{version:010}", version = version.get())
}

/// The version of the entry with this sort key.
pub fn parse_entry(sk: &str) -> Option<Version> {
    parse_numbered(ENTRY, sk)
}

/// The sort key of the marker of the snapshot that the entry `version` made: `s#0000000042`.
pub fn marker(version: Version) -> String {
    format!("{MARKER}{version:010}", version = version.get())
}

/// The version of the snapshot entry whose marker has this sort key.
pub fn parse_marker(sk: &str) -> Option<Version> {
    parse_numbered(MARKER, sk)
}

fn parse_numbered(prefix: &str, sk: &str) -> Option<Version> {
    let digits =
        sk.strip_prefix(prefix).filter(|d| d.len() == 10 && d.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().and_then(Version::new)
}

/// The sort key of a snapshot's name: `n#{name}`.
pub fn name(name: &SnapshotName) -> String {
    format!("n#{name}")
}

/// The sort key of an idempotency record: `i#{sha256(subject, key)}`. Both parts are hashed with their
/// lengths, so that no two pairs give one key.
pub fn idempotency(subject: &str, key: &str) -> String {
    let joined = format!("{}:{subject}{}:{key}", subject.len(), key.len());
    format!("i#{}", Sha256::of(joined.as_bytes()))
}

/// What the sort keys of backup records start with.
pub const BACKUP: &str = "b#";

/// The sort key of a backup's record: `b#{class}#{period}`.
pub fn backup(id: &BackupId) -> String {
    format!("{BACKUP}{}#{}", id.class.as_str(), id.period())
}

/// The backup whose record has this sort key.
pub fn parse_backup(sk: &str) -> Option<BackupId> {
    let (class, period) = sk.strip_prefix(BACKUP)?.split_once('#')?;
    BackupId::new(class.parse().ok()?, period).ok()
}

/// What the sort keys of the newest backups of each class start with.
pub const LAST_BACKUP: &str = "l#";

/// The sort key of what says which backup of a class is the newest: `l#{class}`.
pub fn last_backup(class: Class) -> String {
    format!("{LAST_BACKUP}{}", class.as_str())
}

/// What the names of backup files end with.
const BACKUP_FILE: &str = ".waymark.json.gz";

/// The object of a backup in the backups bucket: `{class}/{environment}/{period}.waymark.json.gz`, where the environment
/// is the first 32 digits of the SHA-256 of `{app}/{env}`: two names of 63 characters would not leave room.
pub fn backup_object(env: &EnvId, id: &BackupId) -> String {
    let env: String = Sha256::of(environment(env).as_bytes()).to_string().chars().take(32).collect();
    format!("{}/{env}/{}{BACKUP_FILE}", id.class.as_str(), id.period())
}

/// The backup whose object has this name in the backups bucket, if it is one of `env`'s.
pub fn parse_backup_object(env: &EnvId, object: &str) -> Option<BackupId> {
    let (class, rest) = object.split_once('/')?;
    let (_, file) = rest.split_once('/')?;
    let id = BackupId::new(class.parse().ok()?, file.strip_suffix(BACKUP_FILE)?).ok()?;
    (backup_object(env, &id) == object).then_some(id)
}

/// The sort key of an environment's backup policy.
pub const POLICY: &str = "p#policy";

/// The sort key of an upload: `u#{id}`.
pub fn upload(id: &str) -> String {
    format!("u#{id}")
}

/// The sort key of an environment in the registry: `{app}/{env}`.
pub fn registered(env: &EnvId) -> String {
    env.to_string()
}

/// The environment with this sort key in the registry.
pub fn parse_registered(sk: &str) -> Option<EnvId> {
    sk.parse().ok()
}

/// The object of a keyframe in the configs bucket: `configs/{app}/{sha256}.zst`.
pub fn keyframe(app: &AppName, sha256: &Sha256) -> String {
    format!("configs/{app}/{sha256}.zst")
}

/// The object of an upload in the transfer bucket: `uploads/{id}`.
pub fn upload_object(id: &str) -> String {
    format!("uploads/{id}")
}

/// The object of a download in the transfer bucket: `downloads/{id}`.
pub fn download_object(id: &str) -> String {
    format!("downloads/{id}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn versions() -> impl Strategy<Value = Version> {
        (1..=Version::MAX.get()).prop_filter_map("in range", Version::new)
    }

    proptest! {
        #[test]
        fn entry_keys_read_back_and_sort_as_versions(a in versions(), b in versions()) {
            prop_assert_eq!(parse_entry(&entry(a)), Some(a));
            prop_assert_eq!(parse_marker(&marker(a)), Some(a));
            prop_assert_eq!(entry(a).cmp(&entry(b)), a.cmp(&b));
            prop_assert_eq!(parse_entry(&marker(a)), None);
        }

        #[test]
        fn registry_keys_read_back(app in "[a-z0-9][a-z0-9-]{0,62}", env in "[a-z0-9][a-z0-9-]{0,62}") {
            let env = EnvId { app: app.parse().unwrap(), env: env.parse().unwrap() };
            prop_assert_eq!(parse_registered(&registered(&env)), Some(env.clone()));
            prop_assert_eq!(parse_registered(&environment(&env)), Some(env.clone()));
            // No partition of an app's settings is that of an environment.
            prop_assert!(parse_registered(&super::app(&env.app)).is_none());
            prop_assert!(keyframe(&env.app, &Sha256::of(b"")).len() <= 140);
        }

        #[test]
        fn what_is_no_key_is_not_read(text in "\\PC{0,20}") {
            if let Some(version) = parse_entry(&text) {
                prop_assert_eq!(entry(version), text);
            }
        }

        #[test]
        fn idempotency_keys_tell_subject_from_key(a in "\\PC{0,8}", b in "\\PC{0,8}", c in "\\PC{0,8}", d in "\\PC{0,8}") {
            prop_assert_eq!(idempotency(&a, &b) == idempotency(&c, &d), (&a, &b) == (&c, &d));
        }
    }

    #[test]
    fn the_newest_entry_is_the_last_item_of_its_partition() {
        let v = entry(Version::FIRST);
        let name = name(&"z".parse().unwrap());
        for other in [
            SETTINGS,
            SCHEMA,
            "p#policy",
            "b#x",
            &last_backup(Class::Manual),
            &marker(Version::MAX),
            &name,
            &upload("z"),
            &idempotency("z", "z"),
        ] {
            assert!(*other < *v, "{other}");
        }
    }
}
