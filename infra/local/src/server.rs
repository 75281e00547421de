//! Serves one listener until told to stop, and then finishes what has begun.
//!
//! How many connections there are, and how long each may take for a request's head and for reading its answer, is
//! bounded. How long a body may take is the service's to say.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderValue, Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;
use tower::util::{MapRequest, MapResponse};
use waymark::clock::{Clock, SystemClock};

use self::patience::Patient;

mod patience;

/// How long requests that have begun may take after the stop.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long to wait when the system has no more file handles for a connection.
const OUT_OF_HANDLES: Duration = Duration::from_millis(100);

/// Who is at the other end of the connection; put into each request's extensions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer(pub SocketAddr);

impl Default for Peer {
    /// This machine, for requests that came over no connection.
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}

/// How a listener is served.
#[derive(Clone)]
pub struct Serving {
    /// What the header `Date` says.
    pub clock: Arc<dyn Clock>,
    /// Connections at once. More wait in the operating system's queue.
    pub connections: usize,
    /// How long a request's head may take from when it is waited for: also how long a connection may be idle.
    pub head: Duration,
    /// How long the other side may take no byte of an answer.
    pub reading: Duration,
}

impl Default for Serving {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            connections: 256,
            head: Duration::from_secs(30),
            reading: Duration::from_secs(30),
        }
    }
}

/// Serves `service` over HTTP/1.1 on `listener` until `stop` resolves, as [`Serving::default`] says.
///
/// Then nothing new is accepted, idle connections close, and requests that have begun get [`GRACE`] to end.
pub async fn serve<S, B>(listener: TcpListener, service: S, stop: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
{
    serve_as(Serving::default(), listener, service, stop).await;
}

/// [`serve`], within other bounds.
pub async fn serve_as<S, B>(
    serving: Serving,
    listener: TcpListener,
    service: S,
    stop: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
{
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(serving.connections));
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Ok(place) = place else { break };
        match accepted {
            Ok((stream, peer)) => {
                connect((stream, place), Peer(peer), service.clone(), &serving, &connections);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(OUT_OF_HANDLES).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("requests in flight did not end in time");
    }
}

fn connect<S, B>(
    (stream, place): (TcpStream, OwnedSemaphorePermit),
    peer: Peer,
    service: S,
    serving: &Serving,
    connections: &GracefulShutdown,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
{
    // Answers go out at once; without it a small one may wait 40 ms for the other side.
    let _ = stream.set_nodelay(true);
    let clock = Arc::clone(&serving.clock);
    let service = MapRequest::new(service, move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    });
    let service = MapResponse::new(service, move |response| dated(response, clock.as_ref()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(serving.head)
        // hyper keeps its date until the clock is past it: where that was set back, for as long as it was.
        .auto_date_header(false)
        .serve_connection(
            TokioIo::new(Patient::new(stream, serving.reading)),
            TowerToHyperService::new(service),
        );
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        let _place = place;
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// The response with the time (RFC 9110, section 6.6.1).
fn dated<B>(mut response: Response<B>, clock: &dyn Clock) -> Response<B> {
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&clock.now());
    if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

#[cfg(test)]
mod tests;
