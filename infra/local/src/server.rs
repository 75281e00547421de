//! Serves one listener until told to stop, and then finishes what has begun.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;
use tower::util::MapRequest;

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

/// Serves `service` over HTTP/1.1 on `listener` until `stop` resolves.
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
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => connect(stream, Peer(peer), service.clone(), &connections),
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

fn connect<S, B>(stream: TcpStream, peer: Peer, service: S, connections: &GracefulShutdown)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
{
    // Answers go out at once; without it a small one may wait 40 ms for the other side.
    let _ = stream.set_nodelay(true);
    let service = MapRequest::new(service, move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;

    use axum::body::Body;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{Notify, oneshot};
    use tokio::task::JoinHandle;
    use tower::service_fn;

    use super::*;

    /// A server whose only answer waits for `open`, with one request under way and the stop already told.
    async fn stopped_in_flight(open: Arc<Notify>) -> (TcpStream, SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let begun = Arc::new(Notify::new());
        let (stop, stopped) = oneshot::channel::<()>();
        let service = service_fn({
            let begun = Arc::clone(&begun);
            move |request: Request<Incoming>| {
                let (begun, open) = (Arc::clone(&begun), Arc::clone(&open));
                async move {
                    begun.notify_one();
                    open.notified().await;
                    let peer = request.extensions().get::<Peer>().unwrap().0;
                    Ok::<_, Infallible>(Response::new(Body::from(format!("{}", peer.ip()))))
                }
            }
        });
        let served = tokio::spawn(serve(listener, service, async move { drop(stopped.await) }));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        begun.notified().await;
        stop.send(()).unwrap();
        (stream, address, served)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_has_begun_is_answered_after_the_stop() {
        let open = Arc::new(Notify::new());
        let (mut stream, address, mut served) = stopped_in_flight(Arc::clone(&open)).await;
        assert!(tokio::time::timeout(GRACE / 2, &mut served).await.is_err());
        assert!(TcpStream::connect(address).await.is_err());
        open.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
        served.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_ends_holds_the_stop_for_ten_seconds_only() {
        let start = tokio::time::Instant::now();
        let (_stream, _, served) = stopped_in_flight(Arc::new(Notify::new())).await;
        served.await.unwrap();
        assert!(start.elapsed() >= GRACE && start.elapsed() < GRACE * 2, "{:?}", start.elapsed());
    }
}
