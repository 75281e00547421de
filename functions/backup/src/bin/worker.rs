//! The Lambda function `backup-worker`: SQS gives it the environments that are due.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use waymark::{Telemetry, Waymark};
use waymark_backup::schedule::work;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::start("backup-worker")?;
    let waymark = Waymark::from_environment().await?;
    let work = async |event: LambdaEvent<SqsEvent>| Ok::<_, Error>(work(&waymark, &telemetry, event).await);
    lambda_runtime::run(service_fn(work)).await
}
