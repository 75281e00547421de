//! The Lambda function `restore`.

use waymark::{Problem, Telemetry, Waymark};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let telemetry = Telemetry::start("restore")?;
    let waymark = Waymark::from_environment().await?;
    let router = waymark_restore::router(waymark).fallback(Problem::no_route);
    lambda_http::run(telemetry.watch(router)).await
}
