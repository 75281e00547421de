//! Presigned requests, sent as a browser would: without credentials, over plain HTTP to the embedded S3.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer of S3.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// Sends a request to a presigned URL.
pub(crate) async fn send(method: &str, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Fetched {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut head = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        head += &format!("content-length: {}\r\n", body.len());
    }
    let host = host.to_owned();
    tokio::task::spawn_blocking(move || exchange(&host, &(head + "\r\n"), &body)).await.unwrap()
}

fn exchange(host: &str, head: &str, body: &[u8]) -> Fetched {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // One that is refused early may find the connection closed; the answer counts.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Fetched { status, head: head.to_ascii_lowercase(), body: answer[end + 4..].to_vec() }
}
