//! The AWS clients: built once, in `main`, and used for every request.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_s3::config::ResponseChecksumValidation;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::error::Cause;
use crate::telemetry::CountCalls;

#[cfg(test)]
mod tests;

/// How long a connection may take. AWS endpoints in the region answer in single milliseconds.
const CONNECT: Duration = Duration::from_secs(1);

/// How long one attempt at a DynamoDB call may take: its p99 is two-digit milliseconds, so a second
/// means a dead connection.
const DYNAMODB_ATTEMPT: Duration = Duration::from_secs(1);

/// How long a DynamoDB call may take with its retries.
const DYNAMODB_CALL: Duration = Duration::from_secs(5);

/// How long one attempt at an S3 call may take: an object of 32 MiB at a tenth of a function's usual bandwidth.
const S3_ATTEMPT: Duration = Duration::from_secs(8);

/// How long an S3 call may take with its retries.
const S3_CALL: Duration = Duration::from_secs(18);

/// The roots that the certificates of AWS endpoints lead to (<https://www.amazontrust.com/repository/>), in PEM, as Mozilla trusts
/// them: a test compares them with `webpki-root-certs`. All of that crate would be 130 KB of each function.
const ROOTS: &str = include_str!("aws/roots.pem");

/// The clients that the library talks to AWS with.
#[derive(Clone, Debug)]
pub struct Clients {
    /// For the table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// For the buckets.
    pub s3: aws_sdk_s3::Client,
}

/// What the stack calls its table and its buckets.
#[derive(Clone, Debug)]
pub struct Resources {
    /// The table of histories.
    pub table: String,
    /// The bucket of keyframes.
    pub configs: String,
    /// The bucket of backups.
    pub backups: String,
    /// The bucket of uploads and downloads.
    pub transfer: String,
}

impl Resources {
    /// The names that the environment variables `WAYMARK_TABLE`, `WAYMARK_CONFIGS_BUCKET`,
    /// `WAYMARK_BACKUPS_BUCKET` and `WAYMARK_TRANSFER_BUCKET` give.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_environment() -> Result<Self, Cause> {
        let read = |name: &str| std::env::var(name).map_err(|_| Cause::from(format!("{name} is not set")));
        Ok(Self {
            table: read("WAYMARK_TABLE")?,
            configs: read("WAYMARK_CONFIGS_BUCKET")?,
            backups: read("WAYMARK_BACKUPS_BUCKET")?,
            transfer: read("WAYMARK_TRANSFER_BUCKET")?,
        })
    }
}

/// An HTTP client whose TLS uses `ring` and trusts the roots of AWS alone.
///
/// The default reads every certificate of the machine at start and takes its entropy from a slow source.
///
/// # Errors
/// When the roots cannot be understood.
pub fn https_client() -> Result<SharedHttpClient, Cause> {
    let mut roots = TrustStore::empty();
    roots.add_pem_certificate(ROOTS);
    let context = TlsContext::builder().with_trust_store(roots).build()?;
    Ok(Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https())
}

/// The SDK's configuration in Lambda, which gives region and credentials as environment variables. The SDK's usual search
/// also knows profiles, roles and instances: nothing of that is there to be found, and it would be a part of every binary.
///
/// # Errors
/// When the HTTP client cannot be built.
pub async fn lambda_sdk_config() -> Result<SdkConfig, Cause> {
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new().region().await)
        .credentials_provider(credentials)
        .http_client(https_client()?)
        .build())
}

/// The SDK's configuration wherever a person or a machine may run it: region and credentials from wherever the SDK looks
/// for them.
///
/// # Errors
/// When the HTTP client cannot be built.
pub async fn sdk_config() -> Result<SdkConfig, Cause> {
    Ok(aws_config::defaults(BehaviorVersion::latest()).http_client(https_client()?).load().await)
}

/// The SDK's configuration for engines on this machine, reached without TLS.
pub fn local_sdk_config(access_key: &str, secret_key: &str) -> SdkConfig {
    let credentials = Credentials::new(access_key, secret_key, None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Builder::new().build_http())
        .build()
}

/// The endpoint that the environment variable `AWS_ENDPOINT_URL_{service}` gives, as the SDK's own search would read it.
pub fn endpoint(service: &str) -> Option<String> {
    std::env::var(format!("AWS_ENDPOINT_URL_{service}")).ok().filter(|url| !url.is_empty())
}

/// DynamoDB's configuration: time-outs and retries set, calls counted.
pub fn dynamodb_config(sdk: &SdkConfig) -> aws_sdk_dynamodb::config::Builder {
    let mut builder = aws_sdk_dynamodb::config::Builder::from(sdk);
    if let Some(url) = endpoint("DYNAMODB") {
        builder = builder.endpoint_url(url);
    }
    builder
        .interceptor(CountCalls)
        .timeout_config(timeouts(DYNAMODB_ATTEMPT, DYNAMODB_CALL))
        .retry_config(RetryConfig::standard().with_max_attempts(4))
}

/// S3's configuration: time-outs and retries set, calls counted; no checksums of the SDK's own on what is read, since all of it is
/// compared with a SHA-256 and what is damaged must be told from what is out of reach; buckets in the path where an endpoint is given, since engines
/// on one machine have no names for them.
pub fn s3_config(sdk: &SdkConfig) -> aws_sdk_s3::config::Builder {
    let endpoint = endpoint("S3");
    let own_endpoint = sdk.endpoint_url().is_some() || endpoint.is_some();
    let mut builder = aws_sdk_s3::config::Builder::from(sdk);
    if let Some(url) = endpoint {
        builder = builder.endpoint_url(url);
    }
    builder
        .interceptor(CountCalls)
        .timeout_config(timeouts(S3_ATTEMPT, S3_CALL))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .force_path_style(own_endpoint)
}

fn timeouts(attempt: Duration, call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(call)
        .build()
}

impl Clients {
    /// The clients of a configuration.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb_config(sdk).build()),
            s3: aws_sdk_s3::Client::from_conf(s3_config(sdk).build()),
        }
    }
}

/// Clients of engines on this machine. They share its clock, so nothing is corrected by the time that an engine's answers
/// say: HTTP servers keep that for a second, and for as long as the clock was set back.
pub fn local_clients(
    dynamodb_endpoint: &str,
    s3_endpoint: &str,
    access_key: &str,
    secret_key: &str,
) -> Clients {
    let sdk = local_sdk_config(access_key, secret_key);
    let dynamodb =
        dynamodb_config(&sdk).endpoint_url(dynamodb_endpoint).disable_clock_skew_correction(true).build();
    let s3 = s3_config(&sdk).endpoint_url(s3_endpoint).force_path_style(true);
    let s3 = s3.disable_clock_skew_correction(true).build();
    Clients { dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb), s3: aws_sdk_s3::Client::from_conf(s3) }
}
