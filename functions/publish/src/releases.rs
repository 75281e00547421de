//! What publish, unpublish and roll back have in common.

use std::time::Duration;

use serde_json::{Value, json};
use waymark::entry::{Entry, Live};
use waymark::history::Draft;
use waymark::id::{EnvId, SnapshotName};
use waymark::{Error, Problem, Waymark};

/// How long it takes at most until all users have what was published: the shared caches' `s-maxage`.
const USERS_SEE_IT_WITHIN_SECONDS: u64 = 5;

/// How long what takes a release from users waits to hear that the bucket has what they get instead.
pub(crate) const PROVE_WITHIN: Duration = Duration::from_secs(2);

/// Says in the answer how soon all users have it.
pub(crate) fn users_see_it_soon(draft: &mut Draft) {
    draft.more.insert("users_see_it_within_seconds".to_owned(), USERS_SEE_IT_WITHIN_SECONDS.into());
}

/// What the caller expects to be live; `None` inside for "no release".
#[derive(Clone, Debug)]
pub(crate) struct Expected(Option<SnapshotName>);

impl Expected {
    /// Reads `expect_live`: absent, `null` for no release, or a snapshot's name.
    pub(crate) fn read(value: Option<&Value>) -> Result<Option<Self>, Problem> {
        match value {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(Self(None))),
            Some(Value::String(name)) => Ok(Some(Self(Some(name.parse()?)))),
            Some(_) => {
                Err(Problem::malformed("expect_live takes a snapshot's name, or null for no release."))
            }
        }
    }

    /// [`Expected::check`], also where nothing was saved yet: no release is live there.
    pub(crate) async fn check_any(
        &self,
        waymark: &Waymark,
        env: &EnvId,
        head: Option<&Entry>,
    ) -> Result<(), Problem> {
        match head {
            Some(head) => self.check(waymark, env, head).await,
            None if self.0.is_none() => Ok(()),
            None => Err(live_changed(None)),
        }
    }

    /// Refuses when something else is live: somebody was faster. A former name of the release counts as its name.
    pub(crate) async fn check(&self, waymark: &Waymark, env: &EnvId, head: &Entry) -> Result<(), Problem> {
        let live = head.releases.live.as_ref();
        let as_expected = match (&self.0, live) {
            (None, None) => true,
            (Some(name), Some(live)) if *name == live.name => true,
            (Some(name), Some(live)) => match waymark.history.snapshot(env, name).await {
                Ok(named) => named.snapshot == live.snapshot,
                Err(Error::NoSnapshot(_)) => false,
                Err(error) => return Err(error.into()),
            },
            _ => false,
        };
        if as_expected { Ok(()) } else { Err(live_changed(Some(head))) }
    }
}

fn live_changed(head: Option<&Entry>) -> Problem {
    let live = head.and_then(|head| head.releases.live.as_ref());
    let now = live.map_or("no release is live".to_owned(), |live| format!("{} is live", live.name));
    Problem::conflict(
        "live-changed",
        "Something else is live",
        format!("Now {now}: somebody was faster. Look at what users see before you decide again."),
    )
    .with("live", live.map(shown))
    .with("version", head.map(|head| head.version.get()))
}

/// A release as answers show it.
pub(crate) fn shown(live: &Live) -> Value {
    json!({
        "name": live.name,
        "version": live.subject.version,
        "sha256": live.subject.sha256,
        "bytes": live.subject.bytes,
        "entry": live.entry,
    })
}
