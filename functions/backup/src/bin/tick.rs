//! The Lambda function `backup-tick`: EventBridge Scheduler calls it every hour.
use lambda_runtime::{Error, LambdaEvent, service_fn};
use waymark::{Telemetry, Waymark};
use waymark_backup::schedule::{Event, Sqs, tick};
#[tokio::main]
async fn main() -> Result<(), Error> {
    let telemetry = Telemetry::start("backup-tick")?;
    let (waymark, queue) = (Waymark::from_environment().await?, Sqs::from_environment().await?);
    let tick = async |event: LambdaEvent<Event>| {
        let ticked = tick(&waymark, &queue, event.payload.time);
        telemetry.job(&event.context, None, ticked).await.map_err(Error::from)
    };
    lambda_runtime::run(service_fn(tick)).await
}
