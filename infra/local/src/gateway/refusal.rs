//! What the gateway itself answers when no function does.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::token::Refused;

/// Why a request ends at the gateway. The texts are API Gateway's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    /// No route for this method and path.
    #[error("Not Found")]
    NotFound,
    /// No `Authorization` header.
    #[error("Unauthorized")]
    NoToken,
    /// The token is not accepted.
    #[error("Unauthorized")]
    Token(Refused),
    /// The path or the host could be read in more than one way ([`super::target`]).
    #[error("Bad Request")]
    Target,
    /// A body where none belongs.
    #[error("Bad Request")]
    BodyUnasked,
    /// The body did not arrive in time.
    #[error("Request Timeout")]
    BodyLate,
    /// As many bytes of bodies or answers are held as there may be. Nothing was begun.
    #[error("Service Unavailable")]
    Full,
    /// More than [`super::MAX_HEADERS`].
    #[error("Request Header Fields Too Large")]
    HeadersTooLarge,
    /// More than [`super::MAX_BODY`], or more than [`super::MAX_EVENT`] as an event.
    #[error("Request Entity Too Large")]
    BodyTooLarge,
    /// The body ended too early.
    #[error("Bad Request")]
    BodyCut,
    /// The function panicked, or what it answered is no answer.
    #[error("Internal Server Error")]
    FunctionFailed,
    /// The function took longer than [`super::TIME_LIMIT`].
    #[error("Service Unavailable")]
    TimedOut,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoToken | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyCut | Self::BodyUnasked | Self::Target => StatusCode::BAD_REQUEST,
            Self::BodyLate => StatusCode::REQUEST_TIMEOUT,
            Self::FunctionFailed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Full | Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// See <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html>.
    fn challenge(self) -> Option<String> {
        match self {
            Self::NoToken => Some("Bearer".to_owned()),
            Self::Token(why) => {
                Some(format!(r#"Bearer scope="" error="invalid_token" error_description="{why}""#))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(json!({ "message": self.to_string() }))).into_response();
        if self == Self::Full {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if let Some(value) = self.challenge().and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
        response
    }
}
