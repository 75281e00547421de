//! What a publish or a promotion would lose: the part where the documents say least, and the service sees
//! more.
use super::{App, Config, Environment, Op, Snapshot, What};

/// Whether a publish or promotion would lose changes. `Open`: the documents, or opaque configs, do not
/// tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loss {
    No,
    Open,
    Yes,
}

impl App {
    /// Says whether a publish or promotion would take away what is not in what it publishes.
    pub(crate) fn loss(&self, env: &str, op: &Op) -> Loss {
        let Some(here) = self.environments.get(env) else { return Loss::No };
        match op {
            Op::Publish { what, .. } => here.publish_loses(what),
            Op::Promote { from, snapshot, .. } => match self.environments.get(from) {
                Some(source) => {
                    source.find(snapshot).map_or(Loss::No, |comes| here.promotion_loses(source, comes))
                }
                None => Loss::No,
            },
            _ => Loss::No,
        }
    }
}

impl Environment {
    /// Whether `config` is missing in what comes, a config of this environment at `subject`.
    ///
    /// CHOICE: what was brought here since `tick` and then edited on is not lost ("what it has by then").
    /// Taken back here afterwards, or had only before `tick`, it is open.
    fn misses(&self, config: Config, (comes, subject): (Config, u64), tick: u64) -> Loss {
        let line = &self.entries[..self.entries.len().min(subject as usize)];
        let Some(last) = line.iter().rposition(|entry| entry.config == config) else { return Loss::Yes };
        let taken_back = line[..last].iter().any(|entry| entry.config == comes);
        if line[last].tick >= tick && !taken_back { Loss::No } else { Loss::Open }
    }

    /// CHOICE: A.7's "same rule" is a refusal. Between two releases that were both promoted it is open.
    fn publish_loses(&self, what: &What) -> Loss {
        let live = self.live_index().map(|index| &self.snapshots[index]).filter(|live| live.origin.is_some());
        let (Some(live), Ok(target)) = (live, self.wanted(what)) else { return Loss::No };
        match target.index.map(|index| &self.snapshots[index]) {
            _ if target.config == live.config => Loss::No,
            Some(other) if other.origin.is_some() => Loss::Open,
            _ => {
                let promoted = &self.entries[live.version as usize - 1];
                self.misses(live.config, (target.config, target.subject), promoted.tick)
            }
        }
    }

    /// Whether changes made here since the last promotion are missing in a snapshot of `source`.
    ///
    /// CHOICE: before the first promotion nothing counts as lost ("since the last promotion"); users'
    /// safety says the contrary, so this is `Open`. So is what was here before that promotion and was
    /// published again after.
    fn promotion_loses(&self, source: &Environment, comes: usize) -> Loss {
        let comes = &source.snapshots[comes];
        let live = self.live_index().map(|index| &self.snapshots[index]);
        if live.is_some_and(|live| live.config == comes.config) {
            return Loss::No;
        }
        let Some(promoted) = self.snapshots.iter().rfind(|own| own.origin.is_some()) else {
            return Loss::Open;
        };
        let then = &self.entries[promoted.version as usize - 1];
        let foreign = |config| self.snapshots.iter().any(|own| own.origin.is_some() && own.config == config);
        let working = self.entries.last().map(|entry| entry.config).filter(|config| *config != then.config);
        let published = self.last.map(|last| self.published[last].at).filter(|at| *at > promoted.version);
        let release = published.and(live).filter(|live| live.origin.is_none());
        let again = |own: &Snapshot| own.subject <= promoted.version || own.config == then.config;
        let changes =
            [working.map(|config| (config, foreign(config))), release.map(|own| (own.config, again(own)))];
        let lost = |(config, doubtful): (Config, bool)| {
            let made = self.entries.iter().find(|entry| entry.tick > then.tick && entry.config == config);
            let doubtful = doubtful || source.snapshots.iter().any(|own| own.config == config);
            let since = made.map_or(then.tick, |entry| entry.tick);
            match source.misses(config, (comes.config, comes.subject), since) {
                Loss::Yes if doubtful => Loss::Open,
                Loss::No if comes.origin.is_some() => Loss::Open,
                sure => sure,
            }
        };
        let kept = |config| config == promoted.config || config == comes.config;
        changes.into_iter().flatten().filter(|change| !kept(change.0)).map(lost).max().unwrap_or(Loss::No)
    }
}
