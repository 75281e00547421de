//! One line for each tick, and for each environment that a worker is given.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt;
use lambda_http::Context;
use tokio::time::Instant;

use super::Telemetry;
use super::line::Line;
use super::observed::Observed;
use crate::id::EnvId;

impl Telemetry {
    /// Does `work`, of `env` where it is of one, and writes its line. What it returns is returned, and a panic goes on.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn job<T, E>(
        &self,
        context: &Context,
        env: Option<&EnvId>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = Instant::now();
        let mut line = Line { function: self.function, cold_start: self.is_cold(), ..Line::default() };
        line.of_invocation(context);
        if let Some(env) = env {
            line.app = Some(env.app.clone());
            line.environment = Some(env.env.clone());
        }
        let observed = Observed::default();
        // On the heap: what a worker does is large, and each future around it would hold it once more.
        let work = AssertUnwindSafe(Box::pin(work)).catch_unwind();
        let done = observed.during(work).await;
        line.problem = match &done {
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some("failed"),
            Err(_) => Some("panic"),
        };
        line.of_work(&observed);
        line.ms = began.elapsed();
        self.write(&line);
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }
}
