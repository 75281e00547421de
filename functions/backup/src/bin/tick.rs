//! The Lambda function `backup-tick`: EventBridge Scheduler calls it every hour.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use waymark::Waymark;
use waymark_backup::schedule::{Event, Sqs, tick};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let waymark = Waymark::from_environment().await?;
    let queue = Sqs::from_environment().await?;
    let tick = async |event: LambdaEvent<Event>| {
        tick(&waymark, &queue, event.payload.time).await.map_err(Error::from)
    };
    lambda_runtime::run(service_fn(tick)).await
}
