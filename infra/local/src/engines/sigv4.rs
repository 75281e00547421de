//! Signature Version 4, checked: a request is signed once more with the secret, and the two signatures are compared
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>).

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::config::Credentials as Signer;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use subtle::ConstantTimeEq as _;

use crate::secrets::Credentials;

/// How far a request's time may be from this machine's, in either direction: what AWS allows.
const MOST_SKEW: Duration = Duration::from_secs(15 * 60);

/// The scheme that the header `Authorization` begins with.
const SCHEME: &str = "AWS4-HMAC-SHA256 ";

/// The headers that have to be signed: with another one of these, the same signature would ask for something else.
const SIGNED_ALWAYS: [&str; 3] = ["host", "x-amz-date", "x-amz-target"];

/// Why a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refused {
    /// There is no signature.
    #[error("the request is not signed")]
    Unsigned,
    /// The signature does not have the form that it must have.
    #[error("the request's signature cannot be understood")]
    Malformed,
    /// The key is not that of this service.
    #[error("the access key is unknown")]
    UnknownKey,
    /// The request's time is too far from this machine's.
    #[error("the request was signed too long ago, or ahead of time")]
    Stale,
    /// The signature is of another request, or of another secret.
    #[error("the signature is not that of this request")]
    Mismatch,
}

/// What a request says of its signature: all that can be checked before the body is read.
#[derive(Debug)]
pub(super) struct Claim {
    region: String,
    service: String,
    signed_headers: Vec<String>,
    signature: String,
    time: SystemTime,
}

impl Claim {
    /// Reads and checks the claim of a request that is to be of `service`.
    ///
    /// # Errors
    ///
    /// [`Refused`], but for [`Refused::Mismatch`].
    pub(super) fn of(
        parts: &Parts,
        service: &str,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Self, Refused> {
        let header = only(parts, AUTHORIZATION.as_str()).ok_or(Refused::Unsigned)?;
        let members = header.strip_prefix(SCHEME).ok_or(Refused::Unsigned)?;
        let member = |name: &str| {
            let member = members.split(',').find_map(|member| member.trim().strip_prefix(name));
            member.and_then(|member| member.strip_prefix('=')).ok_or(Refused::Malformed)
        };
        let mut scope = member("Credential")?.split('/');
        let [Some(key), Some(day), Some(region), Some(of), Some("aws4_request"), None] =
            std::array::from_fn(|_| scope.next())
        else {
            return Err(Refused::Malformed);
        };
        let date = only(parts, "x-amz-date").ok_or(Refused::Malformed)?;
        let signed_headers: Vec<_> = member("SignedHeaders")?.split(';').map(str::to_owned).collect();
        let unsigned = |name: &&str| !signed_headers.iter().any(|signed| signed == name);
        if of != service || !date.starts_with(day) || SIGNED_ALWAYS.iter().any(unsigned) {
            return Err(Refused::Malformed);
        }
        if key != credentials.access_key {
            return Err(Refused::UnknownKey);
        }
        let time = SystemTime::from(moment(date).ok_or(Refused::Malformed)?);
        let skew = now.duration_since(time).unwrap_or_else(|ahead| ahead.duration());
        if skew > MOST_SKEW {
            return Err(Refused::Stale);
        }
        let signature = member("Signature")?.to_owned();
        Ok(Self { region: region.to_owned(), service: of.to_owned(), signed_headers, signature, time })
    }

    /// Checks that the signature is of this request and body, by the secret of `credentials`.
    ///
    /// # Errors
    ///
    /// [`Refused::Malformed`] when a signed header is not there once; [`Refused::Mismatch`].
    pub(super) fn check(&self, parts: &Parts, body: &[u8], credentials: &Credentials) -> Result<(), Refused> {
        let value = |name: &'_ str| only(parts, name).ok_or(Refused::Malformed);
        let mut headers = Vec::with_capacity(self.signed_headers.len());
        for name in &self.signed_headers {
            headers.push((name.as_str(), value(name)?));
        }
        let Credentials { access_key, secret_key } = credentials;
        let identity = Signer::new(access_key, secret_key, None, None, "local").into();
        let mut settings = SigningSettings::default();
        // What is signed, the request says.
        settings.excluded_headers = None;
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(self.time)
            .settings(settings)
            .build()
            .map_err(|_| Refused::Malformed)?
            .into();
        // The host is among the signed headers: that of this address is never looked at.
        let target =
            format!("http://localhost{}", parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        let body = SignableBody::Bytes(body);
        let request = SignableRequest::new(parts.method.as_str(), target, headers.into_iter(), body);
        let signed =
            sign(request.map_err(|_| Refused::Malformed)?, &params).map_err(|_| Refused::Malformed)?;
        let is_ours = signed.signature().as_bytes().ct_eq(self.signature.as_bytes());
        if bool::from(is_ours) { Ok(()) } else { Err(Refused::Mismatch) }
    }
}

/// The value of a header that is there once, as text.
fn only<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let mut values = parts.headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

/// A time such as `20261127T091400Z`.
fn moment(date: &str) -> Option<Timestamp> {
    let civil = strtime::parse("%Y%m%dT%H%M%SZ", date).ok()?.to_datetime().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests;
