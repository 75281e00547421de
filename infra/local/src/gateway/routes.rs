//! Which function serves which method and path.

use std::collections::{BTreeMap, HashMap};

use http::Method;
use percent_encoding::percent_decode_str;

/// Why routes cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// Not a method, a space and a path.
    #[error("{0:?} is not a route such as \"GET /v1/apps\"")]
    Malformed(&'static str),
    /// Two functions have the same route.
    #[error("two functions have the route {0:?}")]
    Twice(&'static str),
    /// Two paths cannot be told apart.
    #[error("the path {path:?} cannot be routed: {source}")]
    Conflict {
        /// The later of the two.
        path: &'static str,
        /// What stands against it.
        source: matchit::InsertError,
    },
}

/// All routes of the gateway.
pub(super) struct RouteTable(matchit::Router<HashMap<Method, Target>>);

/// Where one route leads.
#[derive(Clone, Copy)]
struct Target {
    key: &'static str,
    function: usize,
}

/// The route that a request took.
pub(super) struct Route {
    /// The route's own line, such as `GET /v1/apps/{app}`.
    pub(super) key: &'static str,
    /// The function's place in the list that the table was made from.
    pub(super) function: usize,
    /// The path's parameters, percent-decoded.
    pub(super) parameters: BTreeMap<String, String>,
}

impl RouteTable {
    /// Takes the routes of each function, in order.
    pub(super) fn new(
        functions: impl IntoIterator<Item = &'static [&'static str]>,
    ) -> Result<Self, RouteError> {
        let mut paths: BTreeMap<&'static str, HashMap<Method, Target>> = BTreeMap::new();
        for (function, routes) in functions.into_iter().enumerate() {
            for &key in routes {
                let (method, path) = split(key).ok_or(RouteError::Malformed(key))?;
                if paths.entry(path).or_default().insert(method, Target { key, function }).is_some() {
                    return Err(RouteError::Twice(key));
                }
            }
        }
        let mut table = matchit::Router::new();
        for (path, targets) in paths {
            table.insert(path, targets).map_err(|source| RouteError::Conflict { path, source })?;
        }
        Ok(Self(table))
    }

    /// The route for a request, if there is one. No route is implied: neither HEAD by GET, nor one with a slash
    /// at its end by one without.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Route> {
        let matched = self.0.at(path).ok()?;
        let target = matched.value.get(method)?;
        let decoded = |value| percent_decode_str(value).decode_utf8_lossy().into_owned();
        let parameters = matched.params.iter().map(|(name, value)| (name.to_owned(), decoded(value)));
        Some(Route { key: target.key, function: target.function, parameters: parameters.collect() })
    }
}

fn split(key: &'static str) -> Option<(Method, &'static str)> {
    let (method, path) = key.split_once(' ')?;
    Some((method.parse().ok()?, path)).filter(|(_, path)| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[&str] = &["GET /v1/{app}/versions/{n}", "PUT /v1/{app}/versions/{n}"];
    const TWO: &[&str] = &["GET /v1/{app}/versions", "GET /v1/{app}/versions/{n}/config"];

    fn found(method: Method, path: &str) -> Option<(&'static str, usize)> {
        let table = RouteTable::new([ONE, TWO]).unwrap();
        table.find(&method, path).map(|route| (route.key, route.function))
    }

    #[test]
    fn method_and_path_decide_together() {
        assert_eq!(found(Method::PUT, "/v1/crm/versions/3"), Some((ONE[1], 0)));
        assert_eq!(found(Method::GET, "/v1/crm/versions/3"), Some((ONE[0], 0)));
        assert_eq!(found(Method::GET, "/v1/crm/versions/3/config"), Some((TWO[1], 1)));
        for (method, path) in [
            (Method::DELETE, "/v1/crm/versions/3"),
            (Method::HEAD, "/v1/crm/versions/3"),
            (Method::GET, "/v1/crm/versions/3/"),
            (Method::GET, "/v1/crm/versions/3/config/more"),
            (Method::GET, "/v2/crm/versions/3"),
        ] {
            assert_eq!(found(method.clone(), path), None, "{method} {path}");
        }
    }

    #[test]
    fn parameters_are_decoded() {
        let table = RouteTable::new([ONE]).unwrap();
        let route = table.find(&Method::GET, "/v1/a%20b/versions/%2Fx").unwrap();
        let pairs: Vec<_> = route.parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("app", "a b"), ("n", "/x")]);
    }

    #[test]
    fn wrong_routes_are_refused_at_the_start() {
        assert!(matches!(RouteTable::new([ONE, ONE]), Err(RouteError::Twice(_))));
        let malformed: &[&[&str]] = &[&["GET"], &["/v1"], &["G@T /v1"], &["GET v1"]];
        for &routes in malformed {
            assert!(matches!(RouteTable::new([routes]), Err(RouteError::Malformed(_))), "{routes:?}");
        }
        let conflict: &[&str] = &["GET /{a}", "PUT /{b}"];
        assert!(matches!(RouteTable::new([conflict]), Err(RouteError::Conflict { .. })));
    }
}
