//! The DynamoDB and the S3 of one test: embedded ones of its own, unless `AWS_ENDPOINT_URL_DYNAMODB` or
//! `AWS_ENDPOINT_URL_S3` names another, which all tests share, each with a table and buckets of its own.

use std::error::Error;
use std::path::PathBuf;

use aws_sdk_dynamodb::types::TimeToLiveSpecification;
use tempfile::TempDir;
use waymark::aws::{Clients, Resources, local_clients};
use waymark::clock::{Ids as _, RandomIds};
use waymark_local::engines::Engine;
use waymark_local::provision::{local_resources, provision};
use waymark_local::secrets::Credentials;

/// Running stores with the table and the buckets, empty.
pub(crate) struct TestEngines {
    dynamodb: Reached,
    s3: Reached,
    credentials: Credentials,
    pub(crate) resources: Resources,
    objects: TempDir,
}

/// How one of them is reached; an embedded one ends with this.
struct Reached {
    endpoint: String,
    embedded: Option<Engine>,
}

impl From<Engine> for Reached {
    fn from(engine: Engine) -> Self {
        Self { endpoint: engine.endpoint().to_owned(), embedded: Some(engine) }
    }
}

/// The engine that the environment names, when it does.
fn named(variable: &str) -> Option<Reached> {
    let endpoint = std::env::var(variable).ok().filter(|endpoint| !endpoint.is_empty())?;
    Some(Reached { endpoint, embedded: None })
}

impl TestEngines {
    /// Starts what the environment does not name, and makes table and buckets.
    ///
    /// # Errors
    ///
    /// When an engine does not start, or refuses the table or a bucket.
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        Self::with(false).await
    }

    /// [`TestEngines::start`] with the table in a file, as the local service has it.
    ///
    /// # Errors
    ///
    /// As there.
    #[allow(dead_code, reason = "for the benchmarks")]
    pub(crate) async fn on_disk() -> Result<Self, Box<dyn Error>> {
        Self::with(true).await
    }

    async fn with(on_disk: bool) -> Result<Self, Box<dyn Error>> {
        let objects = tempfile::tempdir()?;
        let (dynamodb, s3) = (named("AWS_ENDPOINT_URL_DYNAMODB"), named("AWS_ENDPOINT_URL_S3"));
        let id = RandomIds.fresh().simple().to_string();
        let resources = if dynamodb.is_some() || s3.is_some() { of_its_own(&id) } else { local_resources() };
        // Request tokens belong to an account, and all tests count the same ones up. For DynamoDB Local an access key
        // is an account.
        let credentials = credentials(format!("test{id}"));
        let dynamodb = match dynamodb {
            Some(named) => named,
            None => Engine::dynamodb(on_disk.then(|| objects.path()), &credentials).await?.into(),
        };
        let s3 = match s3 {
            Some(named) => named,
            None => Engine::s3(objects.path(), &credentials).await?.into(),
        };
        let engines = Self { dynamodb, s3, credentials, resources, objects };
        provision(&engines.clients(), &engines.resources).await?;
        if engines.dynamodb.embedded.is_none() {
            engines.keep_what_has_expired().await?;
        }
        Ok(engines)
    }

    /// The embedded ones of another process: where its DynamoDB and its S3 listen, and its access key.
    #[allow(dead_code, reason = "for the benchmarks")]
    pub(crate) fn elsewhere([dynamodb, s3, access_key]: &[String; 3]) -> Self {
        let reached = |endpoint: &String| Reached { endpoint: endpoint.clone(), embedded: None };
        Self {
            dynamodb: reached(dynamodb),
            s3: reached(s3),
            credentials: credentials(access_key.clone()),
            resources: local_resources(),
            objects: tempfile::tempdir().unwrap(),
        }
    }

    /// Switches the table's TTL off: another DynamoDB deletes by the machine's time, and a test's is another. What has
    /// expired has to count as gone in any case, since DynamoDB deletes late.
    async fn keep_what_has_expired(&self) -> Result<(), Box<dyn Error>> {
        let off = TimeToLiveSpecification::builder().attribute_name("expires").enabled(false).build()?;
        let request = self.clients().dynamodb.update_time_to_live().table_name(&self.resources.table);
        request.time_to_live_specification(off).send().await?;
        Ok(())
    }

    /// Where the DynamoDB listens.
    pub(crate) fn dynamodb_endpoint(&self) -> &str {
        &self.dynamodb.endpoint
    }

    /// Where the S3 listens.
    pub(crate) fn s3_endpoint(&self) -> &str {
        &self.s3.endpoint
    }

    /// What both accept.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The file of an object, where the S3 is the embedded one.
    pub(crate) fn file(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        self.s3.embedded.as_ref().map(|_| self.objects.path().join("s3").join(bucket).join(key))
    }

    /// Clients of both.
    pub(crate) fn clients(&self) -> Clients {
        let Credentials { access_key, secret_key } = &self.credentials;
        local_clients(self.dynamodb_endpoint(), self.s3_endpoint(), access_key, secret_key)
    }
}

/// The secret of every test's key.
pub(crate) const SECRET_KEY: &str = "test-secret";

fn credentials(access_key: String) -> Credentials {
    Credentials { access_key, secret_key: SECRET_KEY.to_owned() }
}

fn of_its_own(id: &str) -> Resources {
    let Resources { table, configs, backups, transfer } = local_resources();
    let own = |name: String| format!("{name}-{id}");
    Resources { table: own(table), configs: own(configs), backups: own(backups), transfer: own(transfer) }
}
