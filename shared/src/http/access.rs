//! Rights, as extractors: a handler that takes `As<Editor>` cannot be reached without the role, and nothing is read
//! before the right is checked.

use std::collections::HashMap;
use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use lambda_http::RequestExt as _;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use percent_encoding::percent_decode_str;

use crate::caller::{Caller, Role};
use crate::id::{AppName, EnvId};
use crate::problem::Problem;
use crate::waymark::Waymark;

/// A role that a handler asks for.
pub trait Needs: Send + Sync {
    /// The role.
    const ROLE: Role;
}

macro_rules! needs {
    ($($name:ident)*) => {$(
        #[doc = concat!("Asks for the role [`Role::", stringify!($name), "`].")]
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Needs for $name {
            const ROLE: Role = Role::$name;
        }
    )*};
}

needs! { Reader Viewer Editor Publisher Admin }

/// A caller with the role `R` in the environment of the path.
#[derive(Clone, Debug)]
pub struct As<R> {
    /// Who calls.
    pub caller: Caller,
    /// The environment.
    pub env: EnvId,
    needed: PhantomData<R>,
}

impl<R: Needs> FromRequestParts<Waymark> for As<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, waymark: &Waymark) -> Result<Self, Problem> {
        let Signed(caller) = Signed::from_request_parts(parts, waymark).await?;
        let path = path(parts).await?;
        let env = EnvId { app: named(&path, "app")?.parse()?, env: named(&path, "env")?.parse()? };
        let role = caller.role(&env);
        if role < Some(R::ROLE) {
            return Err(Problem::forbidden(&env.to_string(), R::ROLE, role));
        }
        Ok(Self { caller, env, needed: PhantomData })
    }
}

/// A caller who is `admin` of every environment of the app of the path.
#[derive(Clone, Debug)]
pub struct AsAdminOfApp {
    /// Who calls.
    pub caller: Caller,
    /// The app.
    pub app: AppName,
}

impl FromRequestParts<Waymark> for AsAdminOfApp {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, waymark: &Waymark) -> Result<Self, Problem> {
        let Signed(caller) = Signed::from_request_parts(parts, waymark).await?;
        let app: AppName = named(&path(parts).await?, "app")?.parse()?;
        let role = caller.app_role(&app);
        if role < Some(Role::Admin) {
            return Err(Problem::forbidden(&format!("{app}/*"), Role::Admin, role));
        }
        Ok(Self { caller, app })
    }
}

/// Anybody with a verified token.
#[derive(Clone, Debug)]
pub struct Signed(pub Caller);

impl FromRequestParts<Waymark> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, waymark: &Waymark) -> Result<Self, Problem> {
        routed_as_sent(parts)?;
        parts
            .extensions
            .get::<RequestContext>()
            .and_then(claims)
            .and_then(|claims| Caller::from_claims(claims, &waymark.options.grants_claim))
            .map(Self)
            .ok_or_else(Problem::unauthenticated)
    }
}

/// Refuses a request whose path was rewritten on its way to the router. `lambda_http` makes a URL of the path, which takes
/// out dot segments and turns `\` into `/`: API Gateway, its logs and filters have seen another path than the one that
/// rights are checked for.
fn routed_as_sent(parts: &Parts) -> Result<(), Problem> {
    let sent = parts.raw_http_path();
    let routed = percent_decode_str(parts.uri.path()).decode_utf8();
    if sent.is_empty() || routed.is_ok_and(|routed| routed == sent) {
        return Ok(());
    }
    Err(Problem::malformed(
        "The path can be read in more than one way. Nothing was changed. Send it without dot segments, backslashes, \
         fragments and percent signs in its names.",
    ))
}

/// The claims that API Gateway's JWT authorizer has verified.
fn claims(context: &RequestContext) -> Option<&HashMap<String, String>> {
    // The only variant with the features of this workspace; others would carry no JWT claims.
    #[allow(irrefutable_let_patterns, reason = "other features of lambda_http bring other variants")]
    let RequestContext::ApiGatewayV2(ApiGatewayV2httpRequestContext { authorizer, .. }) = context else {
        return None;
    };
    Some(&authorizer.as_ref()?.jwt.as_ref()?.claims)
}

async fn path(parts: &mut Parts) -> Result<HashMap<String, String>, Problem> {
    let params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Problem::malformed("The path is not valid UTF-8 after decoding its percent signs."))?;
    Ok(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn named<'a>(path: &'a HashMap<String, String>, name: &str) -> Result<&'a str, Problem> {
    path.get(name).map(String::as_str).ok_or_else(|| Problem::malformed(format!("The path has no {name}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request that `lambda_http` makes of an event with this path.
    fn request(raw_path: &str) -> Parts {
        let event = serde_json::json!({
            "version": "2.0", "routeKey": "$default", "rawPath": raw_path, "rawQueryString": "",
            "headers": { "host": "api.example" }, "isBase64Encoded": false,
            "requestContext": {
                "http": { "method": "GET", "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7" },
                "stage": "$default", "timeEpoch": 0,
            },
        });
        lambda_http::request::from_str(&event.to_string()).unwrap().into_parts().0
    }

    #[test]
    fn rights_are_checked_for_the_path_that_was_sent() {
        for path in ["/", "/v1/apps/crm/envs/production/working", "/v1/apps/c rm/x", "/a/v1..2;b/\u{e9}"] {
            assert!(routed_as_sent(&request(path)).is_ok(), "{path}");
        }
        for path in [
            "/v1/apps/crm/../hr/working",
            "/v1/apps/crm/%2e%2e/hr/working",
            "/v1/apps/crm\\hr",
            "/v1/apps/./crm",
            "/v1/apps/cr\tm",
            "/v1/apps/crm#/x",
            "/v1/apps/crm%20",
        ] {
            assert!(routed_as_sent(&request(path)).is_err(), "{path:?}");
        }
    }
}
