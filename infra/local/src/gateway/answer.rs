//! A function's answer, back as an HTTP response.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::refusal::Refusal;

/// The response of payload format 2.0. `multiValueHeaders` belongs to 1.0 and is not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    status_code: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(borrow)]
    body: Option<Cow<'a, str>>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Reads the JSON text of an answer. One that cannot be a response is the function's failure.
pub(super) fn response(text: &[u8]) -> Result<Response<Bytes>, Refusal> {
    let answer: Answer<'_> = serde_json::from_slice(text).map_err(|_| Refusal::FunctionFailed)?;
    let mut builder = Response::builder().status(answer.status_code);
    for (name, value) in &answer.headers {
        builder = builder.header(name, value);
    }
    for cookie in &answer.cookies {
        builder = builder.header(SET_COOKIE, cookie);
    }
    let body = match answer.body {
        None => Bytes::new(),
        Some(text) if answer.is_base64_encoded => {
            Bytes::from(STANDARD.decode(text.as_bytes()).map_err(|_| Refusal::FunctionFailed)?)
        }
        Some(text) => Bytes::from(text.into_owned()),
    };
    builder.body(body).map_err(|_| Refusal::FunctionFailed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_a_response() {
        let text = br#"{"statusCode":201,"headers":{"etag":"\"a\""},"multiValueHeaders":{},"body":"aGk=",
            "isBase64Encoded":true,"cookies":["a=1","b=2"]}"#;
        let response = response(text).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["etag"], "\"a\"");
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(response.body(), "hi");
    }

    #[test]
    fn what_cannot_be_a_response_is_the_functions_failure() {
        for text in [
            r#"{"headers":{}}"#,
            r#"{"statusCode":1000}"#,
            r#"{"statusCode":200,"headers":{"bad name":"x"}}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            "null",
        ] {
            assert_eq!(response(text.as_bytes()).unwrap_err(), Refusal::FunctionFailed, "{text}");
        }
    }
}
