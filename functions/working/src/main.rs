//! The Lambda function `working`.

use waymark::{Problem, Waymark};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::tracing::init_default_subscriber();
    let waymark = Waymark::from_environment().await?;
    lambda_http::run(waymark_working::router(waymark).fallback(Problem::no_route)).await
}
