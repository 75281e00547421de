//! Promotion: a snapshot of another environment of the app becomes what users see here. Nothing that builders edit here
//! changes; where nothing was saved yet, the history begins with it.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use waymark::caller::Role;
use waymark::config::Config;
use waymark::config::diff::diff;
use waymark::config::keep;
use waymark::entry::{Before, Entry, Event, Promotion, PromotionView, Source, Subject};
use waymark::history::{
    Alongside, Attempt, Decide, Decision, Draft, DraftEntry, Mutation, Place, Refused, Reply,
};
use waymark::http::{As, Change, Publisher, given, reply, reply_with};
use waymark::id::{EnvId, Note, SnapshotName, Version};
use waymark::schema::Schema;
use waymark::{Error, Problem, Waymark, heavy};

use crate::checks::passes;
use crate::kept::Kept;
use crate::own_changes::Promoted;
use crate::publish::{Request, published, releases_off, shows};
use crate::releases::{Expected, users_see_it_soon};

/// The member of an answer that says what was merged.
const MERGED: &str = "merged";

/// Longest list of changes in a preview, in bytes of JSON: the answer takes 4.4 MB, with the config where it fits.
const MOST_SHOWN: usize = 1_000_000;

/// The snapshot that is to be brought here.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PromoteFrom {
    #[cfg_attr(feature = "openapi", schema(value_type = waymark::id::EnvName))]
    env: String,
    #[cfg_attr(feature = "openapi", schema(value_type = SnapshotName))]
    snapshot: String,
}

/// What a promotion asks for.
struct Asked {
    source: EnvId,
    snapshot: SnapshotName,
    name: Option<SnapshotName>,
    note: Option<Note>,
    expected: Option<Expected>,
    over: Over,
    preview: bool,
}

/// What to do about changes that were made here and that the snapshot does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Nothing is promoted over them.
    Refuse,
    /// They are merged into what is promoted.
    Merge,
    /// Users no longer see them.
    GoAhead,
}

impl Over {
    fn read(request: &Request) -> Result<Self, Problem> {
        match (request.merge.unwrap_or_default(), request.go_ahead.unwrap_or_default()) {
            (false, false) => Ok(Self::Refuse),
            (true, false) => Ok(Self::Merge),
            (false, true) => Ok(Self::GoAhead),
            (true, true) => Err(Problem::malformed(
                "merge keeps what was changed here, go_ahead promotes over it: say one of them.",
            )),
        }
    }
}

impl Asked {
    /// Reads the request, and checks that its sender may view what is to be brought here.
    fn read(publisher: &As<Publisher>, from: &PromoteFrom, request: &Request) -> Result<Self, Problem> {
        let env = &publisher.env;
        let source = EnvId { app: env.app.clone(), env: from.env.parse()? };
        let role = publisher.caller.role(&source);
        if role < Some(Role::Viewer) {
            return Err(Problem::forbidden(&source.to_string(), Role::Viewer, role));
        }
        if source == *env || request.snapshot.is_some() || request.version.is_some() {
            return Err(Problem::malformed(
                "Say either what of this environment to publish, or from which other one to bring a snapshot: {\"from\": \
                 {\"env\": \"staging\", \"snapshot\": \"v1\"}}.",
            ));
        }
        Ok(Self {
            source,
            snapshot: from.snapshot.parse()?,
            name: given(request.name.as_deref())?,
            note: given(request.note.as_deref())?,
            expected: Expected::read(request.expect_live.as_ref())?,
            over: Over::read(request)?,
            preview: request.preview.unwrap_or_default(),
        })
    }
}

/// `POST /publish {from: {env, snapshot}}`.
pub(crate) async fn promote(
    waymark: &Waymark,
    publisher: &As<Publisher>,
    change: &Change,
    (from, request): (&PromoteFrom, &Request),
) -> Result<Response, Problem> {
    let asked = Asked::read(publisher, from, request)?;
    let env = &publisher.env;
    if asked.preview {
        return preview(waymark, env, asked).await;
    }
    let mutation: Mutation = change.mutation(&publisher.caller, Place::Environment(env.clone()))?;
    let (found, kept, schema) =
        tokio::join!(find(waymark, &asked), Kept::read(waymark, env), waymark.schema(env));
    // After the snapshot: nothing else says which of two environments was read first, and what users see must be what they
    // saw when the snapshot was there.
    let start = waymark.history.start(&mutation).await?;
    // A repeat gives the first answer, whatever has become of the snapshot.
    if let Some(first) = start.replayed() {
        return reply(first);
    }
    let (incoming, origin) = found?;
    let promote =
        Promote { waymark, env, asked, incoming, origin, kept: kept?, refused: 0, schema: Some(schema?) };
    reply(&waymark.history.commit(&mutation, start, promote).await?)
}

/// `POST /publish {from: {env, snapshot}, preview: true}`: what users would get. Publishes nothing.
async fn preview(waymark: &Waymark, env: &EnvId, asked: Asked) -> Result<Response, Problem> {
    let (head, found, kept, schema) = tokio::join!(
        waymark.history.head(env),
        find(waymark, &asked),
        Kept::read(waymark, env),
        waymark.schema(env)
    );
    let (head, (incoming, origin), kept) = (head?, found?, kept?);
    let mut promote =
        Promote { waymark, env, asked, incoming, origin, kept, refused: 0, schema: Some(schema?) };
    let head = head.as_ref().map(|head| &head.entry);
    let outcome = promote.outcome(head).await?;
    let is_shown = head.is_some_and(|head| promote.is_shown(head, &outcome.config));
    if !is_shown {
        promote.check(&outcome.config).await?;
    }
    let origin = PromotionView::from(&promote.origin_of(&outcome)).to_json();
    let mut body = json!({
        "version": head.map(|head| head.version),
        "sha256": outcome.config.sha256(),
        "unchanged": is_shown,
        "origin": origin,
    });
    if let (Some(members), Some(merged)) = (body.as_object_mut(), outcome.merged) {
        members.insert(MERGED.to_owned(), merged);
    }
    // What users have now; where they have nothing, there is nothing that it changes.
    if let (Some(members), Some(head)) = (body.as_object_mut(), head) {
        let own = promote.seen(head).await?;
        let bytes = own.len().saturating_add(outcome.config.len());
        let diff = heavy::compare(bytes, || diff(own.text(), outcome.config.text())).await?;
        members.insert("counts".to_owned(), json!(diff.counts));
        let changes = serde_json::to_string(&diff.changes).map_err(|e| Error::Item(e.to_string()))?;
        if changes.len() <= MOST_SHOWN {
            members.insert("changes".to_owned(), json!(diff.changes));
        }
    }
    let answer = Reply { status: 200, body, version: None, etag: None, location: None };
    reply_with(&answer, "config", &outcome.config).await
}

/// The config of the snapshot, and where it is from. What users are to see is read first, as where it got its name.
async fn find(waymark: &Waymark, asked: &Asked) -> Result<(Config, Promotion), Problem> {
    let Asked { source, snapshot, .. } = asked;
    let named = match waymark.history.snapshot(source, snapshot).await {
        Err(Error::NoSnapshot(name)) => {
            return Err(Problem::not_found(
                "snapshot-not-found",
                format!("There is no snapshot named {name} in {source}. Its GET /snapshots lists them."),
            )
            .with("name", name.as_str()));
        }
        other => other?,
    };
    let Subject { version, sha256, .. } = named.subject;
    waymark.configs.prove(&source.app, version, sha256).await?;
    let config = waymark.configs.read(&source.app, version, &named.subject.config()).await?;
    let (environment, name) = (source.env.clone(), named.name);
    Ok((config, Promotion { environment, name, version, kept: false, merged: None }))
}

/// The decision to make another environment's snapshot what users see here.
struct Promote<'a> {
    waymark: &'a Waymark,
    env: &'a EnvId,
    asked: Asked,
    /// The config as it is in the other environment.
    incoming: Config,
    origin: Promotion,
    /// What stays as it is here.
    kept: Kept,
    /// How many refusals the last attempt knew of.
    refused: usize,
    /// The schema as it was read for the first attempt.
    schema: Option<Option<Arc<Schema>>>,
}

impl Decide for Promote<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        if attempt.refused.len() != self.refused {
            self.refused = attempt.refused.len();
            if attempt.refused.last() == Some(&Refused::SettingsChanged) {
                self.kept = Kept::read(self.waymark, self.env).await?;
            }
            if self.kept.is_off {
                return Err(releases_off(self.env));
            }
        }
        if let Some(name) = self.asked.name.as_ref().filter(|name| attempt.is_taken(name)) {
            return Err(Problem::name_taken(name));
        }
        let head = attempt.head.map(|head| &head.entry);
        let outcome = self.outcome(head).await?;
        if let Some(head) = head.filter(|head| self.is_shown(head, &outcome.config)) {
            return Ok(Decision::unchanged(head));
        }
        let schema = self.check(&outcome.config).await?;
        // The keyframe is the app's: only a config that is new has to be put away.
        if outcome.config != self.incoming {
            self.waymark.configs.put(&self.env.app, &outcome.config).await?;
        }
        let below = match head {
            Some(head) => {
                let sha256 = outcome.config.sha256();
                self.waymark.history.release_below(self.env, &head.releases, sha256).await?
            }
            None => None,
        };
        let mut draft = self.draft(&attempt, outcome, below);
        let (own, app) = (self.kept.own.clone(), self.kept.app.clone());
        draft.alongside = vec![
            Alongside::SettingsAllow { env: self.env.clone(), own, app },
            Alongside::SchemaIs(schema.map(|schema| schema.sha256())),
        ];
        Ok(draft.append())
    }

    fn is_urgent(&self) -> bool {
        true
    }
}

/// What users are to see.
struct Outcome {
    config: Config,
    /// Whether values of this environment are kept in it.
    kept: bool,
    /// What the answer says of the changes of this environment that are merged into it.
    merged: Option<Value>,
}

impl Promote<'_> {
    /// What users are to see on top of `head`, unless that is not what the request expects.
    async fn outcome(&self, head: Option<&Entry>) -> Result<Outcome, Problem> {
        if let Some(expected) = &self.asked.expected {
            expected.check_any(self.waymark, self.env, head).await?;
        }
        let config = self.with_own_values(head).await?;
        let kept = config != self.incoming;
        let (waymark, env, origin) = (self.waymark, self.env, &self.origin);
        if let Some(head) = head.filter(|head| !self.is_shown(head, &config)) {
            let promoted = Promoted { waymark, env, head, origin, incoming: &config };
            match self.asked.over {
                Over::GoAhead => {}
                Over::Refuse => promoted.must_lose_nothing().await?,
                Over::Merge => {
                    if let Some((config, merged)) = promoted.merged().await? {
                        return Ok(Outcome { config, kept, merged: Some(merged) });
                    }
                }
            }
        }
        Ok(Outcome { config, kept, merged: None })
    }

    /// Whether users have a config already, under the name that is asked for.
    fn is_shown(&self, head: &Entry, config: &Config) -> bool {
        shows(head, config.sha256(), self.asked.name.as_ref())
    }

    /// Refuses what fails the schema, and gives that.
    async fn check(&mut self, config: &Config) -> Result<Option<Arc<Schema>>, Problem> {
        let schema = match self.schema.take() {
            Some(schema) => schema,
            None => self.waymark.schema(self.env).await?,
        };
        if let Some(schema) = &schema {
            passes(self.waymark, self.env, schema, config).await?;
        }
        Ok(schema)
    }

    /// Where it is from, and what became of it here.
    fn origin_of(&self, outcome: &Outcome) -> Promotion {
        let merged = outcome.merged.as_ref().map(|_| self.incoming.sha256());
        Promotion { kept: outcome.kept, merged, ..self.origin.clone() }
    }

    /// What users see here; without a release, the working version.
    async fn seen(&self, head: &Entry) -> Result<Config, Error> {
        let (version, config) = match &head.releases.live {
            Some(live) => (live.subject.version, live.subject.config()),
            None => (head.version, head.config.clone()),
        };
        self.waymark.configs.read(&self.env.app, version, &config).await
    }

    /// The config with this environment's values where the settings keep them: those that users see, or without a
    /// release those of the working version.
    async fn with_own_values(&self, head: Option<&Entry>) -> Result<Config, Problem> {
        let Some(head) = head.filter(|_| !self.kept.keep.is_empty()) else {
            return Ok(self.incoming.clone());
        };
        let own = self.seen(head).await?;
        let bytes = self.incoming.len().saturating_add(own.len());
        Ok(heavy::compare(bytes, || keep::apply(&self.incoming, &own, &self.kept.keep)).await??)
    }

    /// The entries: the snapshot and its publication; before them, where nothing was saved, the first config.
    fn draft(&self, attempt: &Attempt<'_>, outcome: Outcome, below: Option<Before>) -> Draft {
        let (sha256, bytes) = (outcome.config.sha256(), outcome.config.len() as u64);
        let origin = self.origin_of(&outcome);
        let (number, generated) = attempt.generated_name();
        let name = self.asked.name.clone().unwrap_or_else(|| generated.clone());
        let (snapshot, read_from) = match attempt.head {
            Some(_) => (attempt.next(), attempt.next()),
            None => (Version::FIRST.next(), Version::FIRST),
        };
        let subject = Subject { version: read_from, sha256, bytes };
        let named = DraftEntry {
            // Somebody who counts on by hand leaves no row of taken names for the next generated one to try.
            generated: (name == generated).then_some(number),
            promoted: Some(snapshot),
            ..DraftEntry::new(Event::Snapshot {
                name: name.clone(),
                subject: subject.clone(),
                origin: Some(origin.clone()),
            })
        };
        let live = waymark::entry::Live { name, snapshot, subject: subject.clone(), entry: snapshot.next() };
        let release = published(live, below, self.asked.note.clone());
        let mut draft = Draft::of(release);
        draft.entries.insert(0, named);
        if attempt.head.is_none() {
            draft.entries.insert(0, self.beginning(&subject));
            draft.status = StatusCode::CREATED.as_u16();
        }
        draft.more.insert("origin".to_owned(), PromotionView::from(&origin).to_json());
        draft.more.extend(outcome.merged.map(|merged| (MERGED.to_owned(), merged)));
        users_see_it_soon(&mut draft);
        draft
    }

    /// The first entry of a history that begins with a promotion: builders begin with what users see.
    fn beginning(&self, subject: &Subject) -> DraftEntry {
        let source = Source {
            environment: Some(self.asked.source.to_string()),
            snapshot: Some(self.origin.name.clone()),
            version: Some(self.origin.version),
            at: None,
        };
        DraftEntry {
            config: Some(subject.config()),
            ..DraftEntry::new(Event::Imported { source, changes: None })
        }
    }
}
