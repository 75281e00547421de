//! Showing what a restore would come to. It saves nothing, and is computed by the code that restores.

use axum::response::Response;
use serde::Serialize;
use waymark::config::Config;
use waymark::config::diff::{Diff, diff};
use waymark::entry::Entry;
use waymark::hash::Sha256;
use waymark::history::{Decide, Mutation, Since, Start};
use waymark::http::{IfMatch, page_json, reply};
use waymark::id::{EnvId, Version};
use waymark::schema::Failure;
use waymark::{Problem, Waymark, heavy};

/// A restore whose outcome can be computed without appending it.
pub(crate) trait Outcome {
    /// The config that would be the working version on top of `head`.
    fn outcome(&self, head: Option<&Entry>) -> impl Future<Output = Result<Config, Problem>> + Send;

    /// The version that all later edits give way to; `None` where they stay.
    fn back_to(&self) -> Option<Version>;
}

/// How a restore ends: appended, or only shown.
pub(crate) struct End<'a> {
    pub(crate) waymark: &'a Waymark,
    pub(crate) env: &'a EnvId,
    pub(crate) mutation: &'a Mutation,
    /// What the request allows to build on.
    pub(crate) if_match: IfMatch,
    pub(crate) is_preview: bool,
}

/// What a restore would come to.
#[derive(Serialize)]
struct Preview {
    version: Option<Version>,
    sha256: Sha256,
    unchanged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Since>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<Failure>>,
    #[serde(flatten)]
    diff: Diff,
}

impl End<'_> {
    /// Appends what `restore` decides, or answers what it would come to.
    ///
    /// # Errors
    /// Those of the decision; 412 when the newest entry is not one that the request builds on.
    pub(crate) async fn reach<R>(self, start: Start, restore: R) -> Result<Response, Problem>
    where
        R: Outcome + Decide<Refusal = Problem>,
    {
        if self.is_preview {
            let head = start.head().map(|head| &head.entry);
            self.if_match.check(head)?;
            return self.show(head, restore).await;
        }
        let guarded = self.if_match.guard(restore);
        reply(&self.waymark.history.commit(self.mutation, start, guarded).await?)
    }

    /// Whose edits came after `version`; `None` where `config` was not its working config, but promoted.
    async fn since(&self, head: &Entry, version: Version, config: &Config) -> Result<Option<Since>, Problem> {
        let Self { waymark, env, .. } = self;
        let entry = waymark.history.entry(env, version).await?;
        if entry.config.sha256 != config.sha256() {
            return Ok(None);
        }
        Ok(Some(waymark.history.since(env, version, head).await?))
    }

    async fn show(&self, head: Option<&Entry>, restore: impl Outcome) -> Result<Response, Problem> {
        let Self { waymark, env, .. } = self;
        let after = restore.outcome(head).await?;
        let before = match head {
            Some(head) => waymark.configs.of(&env.app, head).await?,
            // The history begins with it: there is nothing that it changes.
            None => after.clone(),
        };
        let since = match head.zip(restore.back_to()) {
            Some((head, version)) => self.since(head, version, &after).await?,
            None => None,
        };
        // As before a publish, and not as with a save, which takes what was read of the schema lately.
        let warnings = waymark.warnings_on_preview(env, &after).await;
        let bytes = before.len().saturating_add(after.len());
        let diff = heavy::compare(bytes, || diff(before.text(), after.text())).await?;
        page_json(&Preview {
            version: head.map(|head| head.version),
            sha256: after.sha256(),
            unchanged: head.is_some_and(|head| head.config.sha256 == after.sha256()),
            since,
            warnings,
            diff,
        })
    }
}
