//! HTTP as anybody speaks it: for presigned addresses, and for the service in a process of its own.

use std::io::Read as _;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;

use super::{Answer, Asked};

/// A client without manners of its own: it follows no redirects and asks for no compression.
#[derive(Clone, Debug)]
pub(crate) struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Sends a request, reads the answer, and holds it against the OpenAPI document.
    ///
    /// # Errors
    ///
    /// When there is no whole answer: nobody listens, or the other side went away.
    pub(crate) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, Error> {
        let body = body.into();
        let asked = Asked::new(method, url, headers, &body);
        let answer = self.exchange(method, url, headers, body).await?;
        asked.check(&answer);
        Ok(answer)
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    ///
    /// As [`Http::send`].
    pub(crate) async fn exchange(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, Error> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(Answer::read(self.0.request(request.body(Full::new(body)).unwrap()).await?).await)
    }

    /// `GET` of an address that needs nothing else.
    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send("GET", url, &[], Bytes::new()).await.unwrap()
    }
}

/// What a gzip body holds.
pub(crate) fn gunzip(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut text).unwrap();
    text
}

/// `body` as one gzip member.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzEncoder::new(body, flate2::Compression::fast()).read_to_end(&mut text).unwrap();
    text
}
