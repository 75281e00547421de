//! What an environment has of its own: what a promotion would not have, unless it is merged.

use serde_json::Value;
use waymark::config::Config;
use waymark::config::diff::counts;
use waymark::config::merge::{MergeError, merge};
use waymark::config::value::equal;
use waymark::entry::{ConfigRef, Entry, EntryView, Event, Promotion};
use waymark::history::{Filter, Since};
use waymark::id::{EnvId, Version};
use waymark::{Error, Problem, Waymark, heavy};

use crate::ancestor::{as_it_came, made_of};

/// How many entries a refusal lists.
const MOST_LISTED: u16 = 20;

/// The kinds of entries that change the working version, or what users see.
const CHANGING: [&str; 4] = ["saved", "restored", "imported", "published"];

/// Where a config lies.
pub(crate) type At = (Version, ConfigRef);

/// A config of this environment's own, and the configs that it may have been made of, that of the nearest first where
/// two are equally near.
struct Own {
    config: At,
    bases: Vec<At>,
    /// The newest entry that may have changed it; `None` where what it is made of was merged before.
    newest: Option<Version>,
}

/// A promotion over changes that were made here.
pub(crate) struct Promoted<'a> {
    pub(crate) waymark: &'a Waymark,
    pub(crate) env: &'a EnvId,
    pub(crate) head: &'a Entry,
    pub(crate) origin: &'a Promotion,
    /// What comes, with the values that the environment keeps.
    pub(crate) incoming: &'a Config,
}

impl Promoted<'_> {
    /// Refuses what would lose changes that were made here since the last promotion and that what comes does not have:
    /// edits of the working version, and releases of it. What was rolled back, unpublished or taken back since is no
    /// such change.
    ///
    /// # Errors
    /// 409 with the entries.
    pub(crate) async fn must_lose_nothing(&self) -> Result<(), Problem> {
        for own in self.own().await? {
            if is_lost(self.waymark, self.env, (&own.config, &own.bases), self.incoming).await? {
                return Err(self.would_lose().await?);
            }
        }
        Ok(())
    }

    /// What comes, with the changes that were made here, and what the answer says of them; `None` where it has them all.
    ///
    /// # Errors
    /// 409 with the places that both changed, and where nothing was promoted before.
    pub(crate) async fn merged(&self) -> Result<Option<(Config, Value)>, Problem> {
        let mut config = self.incoming.clone();
        for own in self.own().await? {
            if !is_lost(self.waymark, self.env, (&own.config, &own.bases), &config).await? {
                continue;
            }
            config = self.merged_into(&own, &config).await?;
        }
        let bytes = config.len().saturating_add(self.incoming.len());
        if heavy::compare(bytes, || equal(config.text(), self.incoming.text())).await? {
            return Ok(None);
        }
        let whose =
            serde_json::to_value(self.since().await?).map_err(|fault| Error::Item(fault.to_string()))?;
        Ok(Some((config, whose)))
    }

    /// What is this environment's own: what users see, where that was made or merged here; and what was edited since.
    async fn own(&self) -> Result<Vec<Own>, Error> {
        let head = self.head;
        let last = match head.promoted {
            Some(version) => Some(self.waymark.history.entry(self.env, version).await?),
            None => None,
        };
        let promoted = last.as_ref().and_then(snapshot);
        let seen = self.released_here(promoted.as_ref()).await?;
        // What came to the config that is promoted, or to the one that was promoted last, is no change.
        let mut known = vec![self.incoming.sha256()];
        known.extend(promoted.iter().map(|(_, at)| at.1.sha256));
        known.extend(last.iter().map(|last| last.config.sha256));
        known.extend(seen.iter().map(|own| own.config.1.sha256));
        if known.contains(&head.config.sha256) {
            return Ok(seen.into_iter().collect());
        }
        // Nobody says which of them was edited: what users see, what was here, or what was promoted and restored since.
        let bases = seen.iter().map(|own| own.config.clone());
        let bases =
            bases.chain(last.map(|last| (last.version, last.config))).chain(promoted.map(|(_, at)| at));
        let edited = Own {
            config: (head.version, head.config.clone()),
            bases: bases.collect(),
            newest: Some(head.version),
        };
        Ok(seen.into_iter().chain([edited]).collect())
    }

    /// What users see, where that is a release that was made here, or one that changes of here were merged into.
    async fn released_here(&self, last: Option<&(Promotion, At)>) -> Result<Option<Own>, Error> {
        let Some(live) = &self.head.releases.live else { return Ok(None) };
        if live.subject.sha256 == self.incoming.sha256() {
            return Ok(None);
        }
        let config = (live.subject.version, live.subject.config());
        let origin = match last {
            // Another name for what was promoted changes nothing.
            Some((origin, at)) if at.1.sha256 == live.subject.sha256 => Some(origin.clone()),
            _ => snapshot(&self.waymark.history.entry(self.env, live.snapshot).await?)
                .map(|(origin, _)| origin),
        };
        Ok(match origin {
            Some(Promotion { merged: None, .. }) => None,
            Some(origin) => {
                let came = as_it_came(&origin, config.clone());
                Some(Own { config, bases: vec![came], newest: None })
            }
            None => {
                let made_of = match last {
                    Some(_) => made_of(self.waymark, self.env, live.subject.version).await?,
                    None => None,
                };
                let last = last.map(|(origin, at)| as_it_came(origin, at.clone()));
                let bases = made_of.into_iter().chain(last).collect();
                Some(Own { config, bases, newest: Some(live.subject.version) })
            }
        })
    }

    /// `incoming` with what was made here of the nearest config that it can have been made of.
    async fn merged_into(&self, own: &Own, incoming: &Config) -> Result<Config, Problem> {
        let config = self.read(&own.config).await?;
        let mut nearest: Option<(u64, Config)> = None;
        for base in &own.bases {
            let base = self.read(base).await?;
            let bytes = base.len().saturating_add(config.len());
            let far = if own.bases.len() == 1 {
                0
            } else {
                heavy::compare(bytes, || counts(base.text(), config.text()).total()).await?
            };
            if nearest.as_ref().is_none_or(|(known, _)| far < *known) {
                nearest = Some((far, base));
            }
        }
        let Some((_, base)) = nearest else { return Err(self.no_base()) };
        let bytes = base.len().saturating_add(config.len()).saturating_add(incoming.len());
        match heavy::compare(bytes, || merge(&base, &config, incoming)).await? {
            Ok(merged) => Ok(merged.config),
            Err(error) => Err(self.conflict(own, error).await?),
        }
    }

    async fn read(&self, at: &At) -> Result<Config, Error> {
        self.waymark.configs.read(&self.env.app, at.0, &at.1).await
    }

    /// What came since the last promotion.
    async fn since(&self) -> Result<Since, Error> {
        let last = self.head.promoted.unwrap_or(Version::FIRST);
        self.waymark.history.since(self.env, last, self.head).await
    }

    async fn conflict(&self, own: &Own, error: MergeError) -> Result<Problem, Error> {
        let since = self.since().await?.until(own.newest);
        let authors = self.waymark.authors(self.env, &since, &error).await?;
        Ok(Problem::promotion(error, self.head, &since, &authors, &self.incoming_name()))
    }

    /// Such as `v3 of staging`.
    fn incoming_name(&self) -> String {
        format!("{} of {}", self.origin.name, self.origin.environment)
    }

    /// 409: there is nothing that both have come from.
    fn no_base(&self) -> Problem {
        Problem::conflict(
            "no-merge-base",
            "There is nothing to merge by",
            format!(
                "Nothing was promoted to {env} before, so that nobody knows what {incoming} and what is here have in \
                 common. Bring the changes to {from} first, or promote over them with \"go_ahead\": true; from then on \
                 they can be merged.",
                env = self.env,
                incoming = self.incoming_name(),
                from = self.origin.environment,
            ),
        )
    }

    /// 409: users would lose what was changed here.
    async fn would_lose(&self) -> Result<Problem, Error> {
        let (listed, more) = self.changes().await?;
        let changes: Result<Vec<Value>, _> =
            listed.iter().map(|entry| serde_json::to_value(EntryView::from(entry))).collect();
        let changes = changes.map_err(|fault| Error::Item(fault.to_string()))?;
        let since = match self.head.promoted {
            None => "It was never promoted to".to_owned(),
            Some(last) if listed.iter().all(|entry| entry.version == last) => {
                format!("They were merged into the last promotion (#{last})")
            }
            Some(last) => format!("Since the last promotion (#{last}) it was changed here"),
        };
        Ok(Problem::conflict(
            "promotion-would-lose",
            "This environment has changes of its own",
            format!(
                "{env} has changes of its own, which {incoming} does not have. {since}; changes lists the entries. \
                 Bring the changes to {from} first, merge them with \"merge\": true, or promote all the same with \
                 \"go_ahead\": true: they stay in the history and in the working version, and users do not see them.",
                env = self.env,
                incoming = self.incoming_name(),
                from = self.origin.environment,
            ),
        )
        .with("changes", changes)
        .with("more", more)
        .with("since", self.head.promoted.map(|last| last.get())))
    }

    /// The entries that made the changes, newest first, and whether there are more.
    async fn changes(&self) -> Result<(Vec<Entry>, bool), Error> {
        let (head, history) = (self.head, &self.waymark.history);
        let kinds = CHANGING.map(str::to_owned).to_vec();
        let page =
            history.page(self.env, None, MOST_LISTED, &Filter { kinds, author: None }).await?.whole()?;
        let since = |entry: &Entry| head.promoted.is_none_or(|last| entry.version > last.next());
        let is_live =
            |entry: &Entry| head.releases.live.as_ref().is_some_and(|live| live.entry == entry.version);
        let is_change =
            |entry: &Entry| !matches!(entry.event, Event::Published { rollback: true, .. }) || is_live(entry);
        let items = page.items.into_iter().take_while(since).filter(is_change);
        let mut listed: Vec<Entry> = items.collect();
        // The page goes on with the entries before `next`; the promotion itself was two of them.
        let more = page.next.is_some_and(|next| head.promoted.is_none_or(|last| next > last.next().next()));
        // What was merged then is a change as long as the other environment does not have it.
        let is_live = |last: &Version| head.releases.live.as_ref().is_some_and(|live| live.snapshot == *last);
        if let Some(last) = head.promoted.filter(is_live).filter(|_| !more) {
            let last = history.entry(self.env, last).await?;
            if snapshot(&last).is_some_and(|(origin, _)| origin.merged.is_some()) {
                listed.push(last);
            }
        }
        Ok((listed, more))
    }
}

/// Whether `incoming` lacks something of a config: whether it is another, whichever of its bases that was made of, once that
/// is merged into it.
pub(crate) async fn is_lost(
    waymark: &Waymark,
    env: &EnvId,
    (config, bases): (&At, &[At]),
    incoming: &Config,
) -> Result<bool, Error> {
    let read = |at: &At| {
        let (version, config) = at.clone();
        async move { waymark.configs.read(&env.app, version, &config).await }
    };
    for base in bases {
        let lost = match tokio::try_join!(read(base), read(config)) {
            Ok((base, own)) => {
                let bytes = base.len().saturating_add(own.len()).saturating_add(incoming.len());
                let lost = heavy::compare(bytes, || {
                    merge(&base, &own, incoming)
                        .map_or(true, |merged| !equal(merged.config.text(), incoming.text()))
                });
                lost.await?
            }
            // Nobody knows.
            Err(Error::Damaged { .. }) => true,
            Err(error) => return Err(error),
        };
        if !lost {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The config that the entry of a promotion brought, and where it is from.
pub(crate) fn snapshot(entry: &Entry) -> Option<(Promotion, At)> {
    match &entry.event {
        Event::Snapshot { subject, origin: Some(origin), .. } => {
            Some((origin.clone(), (subject.version, subject.config())))
        }
        _ => None,
    }
}
