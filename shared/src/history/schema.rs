//! The JSON Schema that an environment's configs are checked against. It lies in an item of its own, since the settings
//! are read on the way to what users see.

use serde::{Deserialize, Serialize};

use super::{History, parsed};
use crate::error::Error;
use crate::hash::Sha256;
use crate::id::EnvId;
use crate::key;
use crate::schema::Schema;

/// A schema as it lies in the table, keys aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSchema {
    /// The text, byte for byte as it was given.
    pub schema: String,
    /// The SHA-256 of the text, in hexadecimal digits: what a publish is conditioned on.
    pub sha256: Sha256,
}

impl From<&Schema> for StoredSchema {
    fn from(schema: &Schema) -> Self {
        Self { schema: schema.text().to_owned(), sha256: schema.sha256() }
    }
}

impl History {
    /// The schema of an environment, if it has one. One get.
    ///
    /// # Errors
    /// [`Error::Storage`]; [`Error::Item`].
    pub async fn schema(&self, env: &EnvId) -> Result<Option<StoredSchema>, Error> {
        self.get(&key::environment(env), key::SCHEMA).await?.map(parsed).transpose()
    }
}
