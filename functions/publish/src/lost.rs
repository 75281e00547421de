//! What users would lose of the last promotion by a publish of a config of this environment.

use waymark::config::value::equal;
use waymark::entry::{Entry, EntryView, Promotion, Subject};
use waymark::id::EnvId;
use waymark::{Error, Problem, Waymark};

use crate::ancestor::{as_it_came, made_of};
use crate::own_changes::{At, is_lost, snapshot};

/// Refuses to publish a config that lacks what users see from a promotion: the one that is live, or else the last one as
/// far as the live release has it. No call where nothing was promoted, or no release is live; otherwise two gets at most, and as
/// many configs as a promotion compares.
///
/// What was made of the promoted config may have changed it, and a release from which the promotion was taken back
/// before has nothing of it to lose.
///
/// # Errors
/// 409 with the promotion.
pub(crate) async fn must_have_promoted(
    waymark: &Waymark,
    env: &EnvId,
    head: &Entry,
    subject: &Subject,
) -> Result<(), Problem> {
    let (Some(live), Some(last)) = (&head.releases.live, head.promoted) else { return Ok(()) };
    if live.subject.sha256 == subject.sha256 {
        return Ok(());
    }
    let mut last =
        waymark.history.entry(env, if live.snapshot < last { live.snapshot } else { last }).await?;
    if snapshot(&last).is_none()
        && let Some(version) = head.promoted
    {
        last = waymark.history.entry(env, version).await?;
    }
    let Some((origin, promoted)) = snapshot(&last) else { return Ok(()) };
    let users = (live.subject.version, live.subject.config());
    let came = Came { waymark, env, last: &last, origin: &origin, promoted };
    let own = (subject.version, subject.config());
    if came.is_in(&users).await? && !came.is_in(&own).await? && !came.led_to(&own).await? {
        return Err(would_lose(env, &last, &origin));
    }
    Ok(())
}

/// What the last promotion brought.
struct Came<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    /// The entry that made the snapshot.
    last: &'a Entry,
    origin: &'a Promotion,
    /// Its config.
    promoted: At,
}

impl Came<'_> {
    /// Whether a config has all of it: whether it is the promoted one, or the same with that merged in.
    async fn is_in(&self, config: &At) -> Result<bool, Error> {
        let (waymark, env) = (self.waymark, self.env);
        if config.1.sha256 == self.promoted.1.sha256 {
            return Ok(true);
        }
        let text = waymark.configs.read(&env.app, config.0, &config.1).await?;
        // Spelling is no change.
        let came = waymark.configs.read(&env.app, self.promoted.0, &self.promoted.1).await;
        if came.is_ok_and(|came| equal(came.text(), text.text())) {
            return Ok(true);
        }
        let here = (self.last.version, self.last.config.clone());
        let bases = if self.was_here() { &[] } else { std::slice::from_ref(&here) };
        Ok(!is_lost(waymark, env, (&self.promoted, bases), &text).await?)
    }

    /// Whether builders had it already when it was promoted.
    fn was_here(&self) -> bool {
        self.last.config.sha256 == self.promoted.1.sha256
    }

    /// Whether a config was made of it: what it lacks of it was taken out by somebody.
    async fn led_to(&self, config: &At) -> Result<bool, Error> {
        if config.0 <= self.last.version {
            return Ok(false);
        }
        let came = as_it_came(self.origin, self.promoted.clone());
        Ok(self.was_here() || made_of(self.waymark, self.env, config.0).await? == Some(came))
    }
}

/// 409: users would lose what was promoted.
fn would_lose(env: &EnvId, last: &Entry, origin: &Promotion) -> Problem {
    let version = last.version;
    Problem::conflict(
        "promotion-would-lose",
        "Users would lose what was promoted",
        format!(
            "Users of {env} have {name} of {from} since #{version}, and this config does not have all of it. Nothing was \
             changed. Bring it to the working version first (restore #{version}'s snapshot, or save its config with \
             Waymark-Base: {version}), or publish all the same with \"go_ahead\": true.",
            name = origin.name,
            from = origin.environment,
        ),
    )
    .with_json("changes", &[EntryView::from(last)])
    .with("more", false)
    .with("since", version.get())
}
