//! The tokens of the local gateway: JSON Web Tokens signed with HMAC-SHA-256 by a secret of the data folder.
//!
//! In an account the JWT authorizer verifies the tokens of an identity provider instead; the functions see the
//! same claims either way.

mod hs256;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::Serialize;
use serde_json::{Map, Value};

/// Who issues local tokens (`iss`).
pub const ISSUER: &str = "waymark-local";

/// For whom local tokens are (`aud`).
pub const AUDIENCE: &str = "waymark-local";

/// Makes and verifies tokens. Has no `Debug`, so that it reaches no log.
#[derive(Clone)]
pub struct TokenKey {
    sign: EncodingKey,
    check: DecodingKey,
}

/// What a new token says.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Who bears it (`sub`).
    pub subject: String,
    /// How people call the bearer (`name`).
    pub name: Option<String>,
    /// Lines such as `crm/*:editor` (`waymark_grants`).
    pub grants: Vec<String>,
    /// How long it is valid, counted from its making.
    pub lifetime: SignedDuration,
}

/// The claims of a local token.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    waymark_grants: &'a [String],
    iat: i64,
    exp: i64,
}

/// Why a token is not accepted. The text is what the client reads in `www-authenticate`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It becomes good later (`nbf`, or an `iat` in the future).
    #[error("the token is not valid yet")]
    NotYet,
    /// It was made for somebody else.
    #[error("the token does not have a valid audience")]
    Audience,
    /// It was made by somebody else.
    #[error("the token does not have a valid issuer")]
    Issuer,
    /// It is not signed by this key, with this algorithm.
    #[error("the token does not have a valid signature")]
    Signature,
    /// It is not a token with the needed claims.
    #[error("the token is malformed")]
    Malformed,
}

impl TokenKey {
    /// Uses `secret`; whoever has it can make tokens.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        hs256::install();
        Self { sign: EncodingKey::from_secret(secret), check: DecodingKey::from_secret(secret) }
    }

    /// Makes a token that is valid from `now` on.
    ///
    /// # Errors
    ///
    /// [`Refused::Malformed`] when the lifetime goes beyond the calendar.
    pub fn issue(&self, token: &NewToken, now: Timestamp) -> Result<String, Refused> {
        let expires = now.checked_add(token.lifetime).map_err(|_| Refused::Malformed)?;
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: &token.subject,
            name: token.name.as_deref(),
            waymark_grants: &token.grants,
            iat: now.as_second(),
            exp: expires.as_second(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.sign).map_err(|_| Refused::Malformed)
    }

    /// Gives the claims of `token` when it is signed by this key, for this service, and valid at `now`.
    ///
    /// The times are compared here, since the library would read the machine's clock. As API Gateway does,
    /// `exp` is needed, and neither `nbf` nor `iat` may lie in the future
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>).
    ///
    /// # Errors
    ///
    /// [`Refused`], as its variants say.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Map<String, Value>, Refused> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims: Map<String, Value> =
            decode(token, &self.check, &rules).map_err(|error| Refused::from(error.kind()))?.claims;
        check_times(&claims, now)?;
        Ok(claims)
    }
}

fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refused> {
    let now = now.as_duration().as_secs_f64();
    let moment = |name| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(Refused::Malformed),
    };
    if moment("exp")?.is_none_or(|expires| expires <= now) {
        return Err(Refused::Expired);
    }
    if moment("nbf")?.into_iter().chain(moment("iat")?).any(|start| start > now) {
        return Err(Refused::NotYet);
    }
    Ok(())
}

impl From<&ErrorKind> for Refused {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::InvalidIssuer => Self::Issuer,
            ErrorKind::InvalidSignature
            | ErrorKind::InvalidAlgorithm
            | ErrorKind::MissingAlgorithm
            | ErrorKind::UnsupportedAlgorithm => Self::Signature,
            _ => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests;
