//! The Lambda function `snapshot`.

use waymark::{Problem, Telemetry, Waymark};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let telemetry = Telemetry::start("snapshot")?;
    let waymark = Waymark::from_environment().await?;
    let router = waymark_snapshot::router(waymark).fallback(Problem::no_route);
    lambda_http::run(telemetry.watch(router)).await
}
