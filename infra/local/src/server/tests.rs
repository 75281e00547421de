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

/// Serves `service` on a free port within these bounds, until the test ends.
async fn served<S>(serving: Serving, service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_as(serving, listener, service, std::future::pending()));
    address
}

async fn ok(_: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("ok")))
}

/// The connection's end: whether by a reset or in order.
async fn ends(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read).await;
    read
}

struct Hand(std::sync::atomic::AtomicI64);

impl Clock for Hand {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0.load(std::sync::atomic::Ordering::SeqCst)).unwrap()
    }
}

/// A client that corrects its clock by this header signs in the future otherwise, and is refused.
#[tokio::test]
async fn the_date_goes_back_with_the_clock() {
    let clock = Arc::new(Hand(784_111_777.into()));
    let serving = Serving { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Serving::default() };
    let mut stream = TcpStream::connect(served(serving, service_fn(ok)).await).await.unwrap();
    for (seconds, expected) in
        [(0, "Sun, 06 Nov 1994 08:49:37 GMT"), (-1200, "Sun, 06 Nov 1994 08:29:37 GMT")]
    {
        clock.0.store(784_111_777 + seconds, std::sync::atomic::Ordering::SeqCst);
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.matches("ate: ").count(), 1, "{answer}");
        assert!(answer.contains(&format!("date: {expected}\r\n")), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_stalls_and_an_idle_connection_are_ended() {
    let serving = Serving { head: Duration::from_secs(3), ..Serving::default() };
    let address = served(serving, service_fn(ok)).await;
    for begun in ["", "GET / HTTP/1.1\r\nHo", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let began = tokio::time::Instant::now();
        tokio::time::timeout(Duration::from_secs(60), ends(&mut stream)).await.unwrap();
        assert!(
            began.elapsed() >= Duration::from_secs(3) && began.elapsed() < Duration::from_secs(10),
            "{begun}"
        );
    }
}

/// Says when it is dropped, as its memory would be given back.
struct Told(Bytes, Arc<Notify>);

impl AsRef<[u8]> for Told {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.1.notify_one();
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_read_is_given_up() {
    let given_back = Arc::new(Notify::new());
    let large = service_fn({
        let given_back = Arc::clone(&given_back);
        move |_: Request<Incoming>| {
            // More than the operating system takes for both sides.
            let bytes = Told(Bytes::from(vec![b'x'; 64 * 1024 * 1024]), Arc::clone(&given_back));
            async move { Ok::<_, Infallible>(Response::new(Body::from(Bytes::from_owner(bytes)))) }
        }
    });
    let address = served(Serving { reading: Duration::from_secs(3), ..Serving::default() }, large).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let began = tokio::time::Instant::now();
    tokio::time::timeout(Duration::from_secs(600), given_back.notified()).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
    drop(stream);
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_at_once() {
    let serving = Serving { connections: 1, ..Serving::default() };
    let address = served(serving, service_fn(ok)).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    first.write_all(request).await.unwrap();
    let mut some = [0; 10];
    first.read_exact(&mut some).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(request).await.unwrap();
    // The first is still there, so nothing is said to the second, until it ends.
    tokio::select! {
        biased;
        _ = second.read_exact(&mut some) => panic!("served beside the first"),
        () = async { for _ in 0..100 { tokio::task::yield_now().await } } => {}
    }
    drop(first);
    second.read_exact(&mut some).await.unwrap();
}
