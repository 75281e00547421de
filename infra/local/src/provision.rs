//! Puts the table and the buckets into engines that lack them.
//!
//! In an account `infra/template.yaml` does this; the names of keys and attributes are the same there.

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::CreateTableOutput;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TimeToLiveSpecification, TimeToLiveStatus,
};
use aws_sdk_s3::Client as S3;
use waymark::aws::{Clients, Resources};
use waymark::error::chain;

/// The attribute by which DynamoDB removes what has run out.
const EXPIRES: &str = "expires";

/// Why engines could not be made ready: which service, doing what, and what it said.
#[derive(Debug, thiserror::Error)]
#[error("cannot {task}: {}", chain(source.as_ref()))]
pub struct ProvisionError {
    task: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// The names used on one machine: `waymark` and the three buckets `waymark-…`.
pub fn local_resources() -> Resources {
    Resources {
        table: "waymark".to_owned(),
        configs: "waymark-configs".to_owned(),
        backups: "waymark-backups".to_owned(),
        transfer: "waymark-transfer".to_owned(),
    }
}

/// Makes the table (on demand, keys `pk` and `sk`, TTL `expires`) and the three buckets, where they are missing.
///
/// # Errors
///
/// [`ProvisionError`] when an engine refuses or cannot be reached.
pub async fn provision(clients: &Clients, resources: &Resources) -> Result<(), ProvisionError> {
    table(&clients.dynamodb, &resources.table).await?;
    for name in [&resources.configs, &resources.backups, &resources.transfer] {
        bucket(&clients.s3, name).await?;
    }
    Ok(())
}

async fn table(client: &DynamoDb, name: &str) -> Result<(), ProvisionError> {
    let failed = |source| failed(format!("make the table {name}"), source);
    if let Err(error) = client.describe_table().table_name(name).send().await {
        let error = error.into_service_error();
        if !error.is_resource_not_found_exception() {
            return Err(failed(error.into()));
        }
        create_table(client, name).await.map_err(failed)?;
    }
    expire(client, name).await.map_err(failed)
}

async fn create_table(
    client: &DynamoDb,
    name: &str,
) -> Result<CreateTableOutput, Box<dyn std::error::Error + Send + Sync>> {
    let request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let request = request
        .attribute_definitions(attribute("pk")?)
        .attribute_definitions(attribute("sk")?)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("sk", KeyType::Range)?);
    Ok(request.send().await.map_err(|error| error.into_service_error())?)
}

fn attribute(name: &str) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, BuildError> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
}

/// Asks first, since DynamoDB refuses to switch on what is on.
async fn expire(client: &DynamoDb, name: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let now = client.describe_time_to_live().table_name(name).send().await;
    let now = now.map_err(|error| error.into_service_error())?;
    let status = now.time_to_live_description().and_then(|ttl| ttl.time_to_live_status());
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let rule = TimeToLiveSpecification::builder().attribute_name(EXPIRES).enabled(true).build()?;
    let request = client.update_time_to_live().table_name(name).time_to_live_specification(rule);
    request.send().await.map_err(|error| error.into_service_error())?;
    Ok(())
}

async fn bucket(client: &S3, name: &str) -> Result<(), ProvisionError> {
    let Err(error) = client.head_bucket().bucket(name).send().await else { return Ok(()) };
    let error = error.into_service_error();
    if !error.is_not_found() {
        return Err(failed(format!("look for the bucket {name}"), error.into()));
    }
    let made = client.create_bucket().bucket(name).send().await;
    made.map_err(|error| failed(format!("make the bucket {name}"), error.into_service_error().into()))?;
    Ok(())
}

fn failed(task: String, source: Box<dyn std::error::Error + Send + Sync>) -> ProvisionError {
    ProvisionError { task, source }
}

#[cfg(test)]
mod tests {
    use aws_config::retry::RetryConfig;
    use waymark::aws::{dynamodb_config, local_sdk_config};

    use super::*;

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_one_clear_line() {
        let url = "http://127.0.0.1:1";
        let mut nowhere = waymark::aws::local_clients(url, url, "a", "b");
        // Without repeats, whose waits are random and may come to more than a call may take.
        let config = dynamodb_config(&local_sdk_config("a", "b")).endpoint_url(url);
        let config = config.retry_config(RetryConfig::disabled()).build();
        nowhere.dynamodb = aws_sdk_dynamodb::Client::from_conf(config);
        let line = provision(&nowhere, &local_resources()).await.unwrap_err().to_string();
        assert!(line.starts_with("cannot make the table waymark: "), "{line}");
        assert!(line.contains("refused") && line.lines().count() == 1, "{line}");
    }
}
