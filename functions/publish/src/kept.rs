//! What the settings keep of an environment where a config is promoted to it.

use waymark::config::keep::Keep;
use waymark::history::Place;
use waymark::id::EnvId;
use waymark::{Error, Waymark};

/// The paths to keep as they were read: those of the environment, and those of its app. The environment's count first.
pub(crate) struct Kept {
    pub(crate) own: Option<Keep>,
    pub(crate) app: Option<Keep>,
    /// Whether releases are switched off.
    pub(crate) is_off: bool,
    /// The paths that hold.
    pub(crate) keep: Keep,
}

impl Kept {
    /// Reads the settings. Two gets at once.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub(crate) async fn read(waymark: &Waymark, env: &EnvId) -> Result<Self, Error> {
        let (own, app) = (Place::Environment(env.clone()), Place::App(env.app.clone()));
        let (own, app) = tokio::try_join!(waymark.history.settings(&own), waymark.history.settings(&app))?;
        let holds = own.within(&app);
        let is_off = holds.releases == Some(false);
        Ok(Self { own: own.keep, app: app.keep, is_off, keep: holds.keep.unwrap_or_default() })
    }
}
