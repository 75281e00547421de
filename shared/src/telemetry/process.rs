//! What a Lambda function does to its process before anything else: how it logs, and what it says of a panic.

use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;

use crate::error::Cause;

/// Logs to stdout in JSON, as the template asks of Lambda. `AWS_LAMBDA_LOG_LEVEL` may make it quieter, not more
/// talkative than `INFO`: below that, libraries log whole requests, and so configs and tokens.
pub(super) fn log_as_json() -> Result<(), Cause> {
    let asked = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .without_time()
        .with_target(false)
        .with_current_span(false)
        .with_max_level(level(asked))
        .try_init()
}

fn level(asked: Option<LevelFilter>) -> LevelFilter {
    asked.map_or(LevelFilter::INFO, |asked| asked.min(LevelFilter::INFO))
}

/// Logs where a panic was. What it says is logged only when it is a text of the program: a made one may quote a config.
pub(super) fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(at = place(panic), said = panic.payload().downcast_ref::<&'static str>(), "panicked");
    }));
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_may_ask_for_less_and_not_for_more() {
        assert_eq!(level(None), LevelFilter::INFO);
        assert_eq!(level(Some(LevelFilter::ERROR)), LevelFilter::ERROR);
        assert_eq!(level(Some(LevelFilter::TRACE)), LevelFilter::INFO);
    }
}
