//! What the local service logs, and what it never logs.

use std::io;

use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterFn, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// What is logged unless `RUST_LOG` says otherwise. The engines warn of every failed condition, which is daily work
/// here, and the SDK of a region that it looked for in vain.
const LEVEL: &str = "warn,aws_config=error,dynoxide=error,s3s=error,s3s_fs=error";

/// The subscriber of this process: what `asked` names (as `RUST_LOG` has it), without what must not be logged.
pub fn subscriber<W>(asked: Option<&str>, writer: W, colours: bool) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level =
        asked.and_then(|asked| EnvFilter::try_new(asked).ok()).unwrap_or_else(|| EnvFilter::new(LEVEL));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    registry().with(level).with(allowed()).with(lines)
}

/// Logs to standard error, as the environment variable `RUST_LOG` asks.
///
/// # Errors
///
/// When the process logs already.
pub fn to_standard_error() -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let asked = std::env::var("RUST_LOG").ok().filter(|asked| !asked.is_empty());
    let colours = io::IsTerminal::is_terminal(&io::stderr());
    tracing::subscriber::set_global_default(subscriber(asked.as_deref(), io::stderr, colours))
}

/// What may be logged at all. Below `WARN` the SDK, the engines and the HTTP crates log whole requests: notes, configs,
/// signatures. Spans count too: those of the S3 have the request in them.
fn allowed() -> FilterFn {
    filter_fn(|metadata: &Metadata<'_>| {
        metadata.target().starts_with("waymark") || *metadata.level() <= tracing::Level::WARN
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written when some lines are logged, with `asked` as `RUST_LOG`.
    fn written(asked: Option<&str>) -> String {
        let written = Written::default();
        let to = written.clone();
        tracing::subscriber::with_default(subscriber(asked, move || to.clone(), false), || {
            let request = tracing::info_span!(target: "s3s_fs::s3", "put_object", request = "the signature");
            let _in = request.enter();
            tracing::trace!(target: "aws_smithy_runtime::client", "the sdk's trace");
            tracing::info!(target: "hyper::proto", "the connection's info");
            tracing::debug!(target: "dynoxide::server", "the engine's debug");
            tracing::warn!(target: "aws_config", "the sdk's warning");
            tracing::trace!(target: "waymark_local::server", "our trace");
            tracing::error!(target: "waymark::problem", "our error");
        });
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn what_others_say_of_requests_is_never_logged_whatever_is_asked() {
        for asked in
            ["trace", "aws_smithy_runtime=trace,s3s_fs=trace,hyper=trace,dynoxide=trace", "s3s_fs=info,warn"]
        {
            let written = written(Some(asked));
            for never in ["the signature", "the sdk's trace", "the connection's info", "the engine's debug"] {
                assert!(!written.contains(never), "{asked}: {written}");
            }
        }
    }

    #[test]
    fn our_own_lines_are_logged_as_asked() {
        let all = written(Some("trace"));
        assert!(
            ["our trace", "our error", "the sdk's warning"].iter().all(|line| all.contains(line)),
            "{all}"
        );
        for few in [written(None), written(Some("no level=at all=,"))] {
            assert!(few.contains("our error") && !few.contains("our trace"), "{few}");
            assert!(!few.contains("the sdk's warning"), "{few}");
        }
    }
}
