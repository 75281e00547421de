//! Who may do what: every route of every function, by every role.

use serde_json::json;

use super::unsigned;
use crate::support::{Answer, Person, Stack};

/// The least role for each route. A route that is missing here fails the tests.
const NEEDED: &[(&str, Option<&str>)] = &[
    // Anybody with a token: it lists what the token's grants allow.
    ("GET /v1/apps", None),
    ("GET /v1/apps/{app}/envs/{env}", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/backup-policy", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/backups", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/backups/{id}", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/backups/{id}/file", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/blame", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/diff", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/history", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/live", Some("reader")),
    ("GET /v1/apps/{app}/envs/{env}/settings", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/snapshots", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/verify", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/versions", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/versions/{version}", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/versions/{version}/config", Some("viewer")),
    ("GET /v1/apps/{app}/envs/{env}/working", Some("viewer")),
    ("GET /v1/apps/{app}/settings", Some("admin")),
    ("PATCH /v1/apps/{app}/envs/{env}/snapshots/{name}", Some("editor")),
    ("PATCH /v1/apps/{app}/envs/{env}/working", Some("editor")),
    ("POST /v1/apps/{app}/envs/{env}/backups", Some("editor")),
    ("POST /v1/apps/{app}/envs/{env}/backups/{id}/verify", Some("editor")),
    ("POST /v1/apps/{app}/envs/{env}/merge", Some("viewer")),
    ("POST /v1/apps/{app}/envs/{env}/publish", Some("publisher")),
    ("POST /v1/apps/{app}/envs/{env}/restore", Some("editor")),
    ("POST /v1/apps/{app}/envs/{env}/rollback", Some("publisher")),
    ("POST /v1/apps/{app}/envs/{env}/snapshots", Some("editor")),
    ("POST /v1/apps/{app}/envs/{env}/unpublish", Some("publisher")),
    ("POST /v1/apps/{app}/envs/{env}/uploads", Some("editor")),
    ("PUT /v1/apps/{app}/envs/{env}/backup-policy", Some("admin")),
    ("PUT /v1/apps/{app}/envs/{env}/settings", Some("admin")),
    ("PUT /v1/apps/{app}/envs/{env}/working", Some("editor")),
    ("PUT /v1/apps/{app}/settings", Some("admin")),
];

const ROLES: [&str; 5] = ["reader", "viewer", "editor", "publisher", "admin"];

/// All routes of all functions, sorted, without the HEAD that comes with every GET.
pub(crate) fn routes() -> Vec<&'static str> {
    let mut routes = all_routes();
    routes.retain(|route| !route.starts_with("HEAD "));
    routes
}

fn all_routes() -> Vec<&'static str> {
    let mut routes = [
        waymark_working::ROUTES,
        waymark_snapshot::ROUTES,
        waymark_history::ROUTES,
        waymark_publish::ROUTES,
        waymark_live::ROUTES,
        waymark_restore::ROUTES,
        waymark_backup::ROUTES,
    ]
    .concat();
    routes.retain(|route| !waymark_history::OPEN.contains(route));
    routes.sort_unstable();
    routes
}

/// The method and the path of a route in an environment, such as `crm/production`.
fn target(route: &str, env: &str) -> (String, String) {
    let (app, env) = env.split_once('/').unwrap();
    let (method, path) = route.split_once(' ').unwrap();
    let path = path.replace("{app}", app).replace("{env}", env);
    let path = path.replace("{version}", "1").replace("{name}", "draft").replace("{id}", "manual.1");
    (method.to_owned(), path)
}

/// Sends a body of which nobody with the right would be refused for 403.
async fn try_route(stack: &Stack, person: &Person, route: &str, env: &str) -> Answer {
    let (method, path) = target(route, env);
    stack.call(person, &method, &path, &[], "{}").await
}

#[tokio::test]
async fn a_head_is_its_get_without_the_body() {
    let stack = Stack::start().await;
    stack.save(&Person::admin("ada"), "{\"n\":1}").await.is(201);
    let gets = all_routes().into_iter().filter_map(|route| route.strip_prefix("GET "));
    let heads: Vec<&str> = all_routes().into_iter().filter_map(|route| route.strip_prefix("HEAD ")).collect();
    assert_eq!(gets.collect::<Vec<_>>(), heads);
    for path in heads {
        for role in ["reader", "viewer", "admin"] {
            let person = Person::new("p", &format!("[crm/*:{role}]"));
            let get = try_route(&stack, &person, &format!("GET {path}"), "crm/production").await;
            let head = try_route(&stack, &person, &format!("HEAD {path}"), "crm/production").await;
            assert_eq!(head.status, get.status, "{role} {path}");
            assert!(head.body.is_empty(), "{role} {path}");
            for name in ["etag", "waymark-version", "content-type", "cache-control"] {
                assert_eq!(head.header(name), get.header(name), "{role} {path}");
            }
        }
        let nobody = unsigned(&stack, "HEAD", &target(&format!("HEAD {path}"), "crm/production").1).await;
        assert_eq!(nobody.status, 401, "{path}");
    }
}

#[test]
fn every_route_has_a_role() {
    let needed: Vec<_> = NEEDED.iter().map(|(route, _)| *route).collect();
    assert_eq!(routes(), needed);
}

#[tokio::test]
async fn without_a_verified_token_nothing_is_answered() {
    let stack = Stack::start().await;
    stack.save(&Person::admin("ada"), "{\"n\":1}").await.is(201);
    stack.calls.take();
    for route in routes() {
        let (method, path) = target(route, "crm/production");
        let refused = unsigned(&stack, &method, &path).await;
        assert_eq!(refused.status, 401, "{route}");
        refused.is_problem(401, "unauthenticated");
        // A token that names nobody is no better, whatever it grants.
        let nobody = try_route(&stack, &Person::admin(""), route, "crm/production").await;
        nobody.is_problem(401, "unauthenticated");
    }
    assert!(stack.calls.take().is_empty(), "nothing is read for nobody");
}

#[tokio::test]
async fn every_route_asks_for_its_role() {
    let stack = Stack::start().await;
    stack.save(&Person::admin("ada"), "{\"n\":1}").await.is(201);
    for (route, needed) in NEEDED {
        let least = needed.map_or(0, |needed| ROLES.iter().position(|role| *role == needed).unwrap());
        for (rank, role) in ROLES.into_iter().enumerate() {
            let person = Person::new("p", &format!("[crm/*:{role}]"));
            stack.calls.take();
            let answer = try_route(&stack, &person, route, "crm/production").await;
            if rank >= least {
                assert!(!matches!(answer.status.as_u16(), 401 | 403), "{role} {route}: {answer:?}");
            } else {
                assert_eq!(answer.status, 403, "{role} {route}: {answer:?}");
                let answer = answer.is_problem(403, "forbidden");
                assert_eq!((answer.at("/needs"), answer.at("/has")), (json!(needed), json!(role)), "{route}");
                assert!(stack.calls.take().is_empty(), "{role} {route}: read before the right was checked");
            }
        }
    }
}

#[tokio::test]
async fn a_stranger_cannot_tell_whether_an_environment_exists() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    stack.save(&ada, "{\"n\":1}").await.is(201);
    stack.act(&ada, "publish", json!({"version": 1})).await.is(200);
    stack.act(&ada, "snapshots", json!({"name": "draft"})).await.is(201);
    let strangers =
        ["hr/*:admin", "crm/staging:admin", "crm/prod:admin", "cr/*:admin", "*/staging:admin", ""];
    for (route, needed) in NEEDED {
        if needed.is_none() {
            continue;
        }
        for grants in strangers {
            let stranger = Person::new("s", grants);
            let there = try_route(&stack, &stranger, route, "crm/production").await;
            let absent = try_route(&stack, &stranger, route, "xyz/productive").await;
            assert_eq!(there.status, 403, "{grants} {route}: {there:?}");
            let (there, absent) = (there.is_problem(403, "forbidden"), absent.is_problem(403, "forbidden"));
            let renamed = absent.text().replace("xyz/productive", "crm/production").replace("xyz/*", "crm/*");
            assert_eq!(there.text(), renamed, "{grants} {route}");
            assert_eq!(there.headers, absent.headers, "{grants} {route}");
        }
    }
    assert_eq!(stack.newest(&ada).await, 4);
}

#[tokio::test]
async fn grants_are_read_as_the_authorizer_writes_them() {
    let stack = Stack::start().await;
    let path = "/v1/apps/crm/envs/production/working";
    for grants in ["crm/*:editor", "[crm/*:editor]", "[hr/*:viewer crm/*:editor]", "hr/*:viewer,crm/*:editor"]
    {
        let person = Person::new("p", grants);
        let answer = stack.call(&person, "PUT", path, &[("if-match", "\"9\"")], "{}").await;
        answer.is_problem(412, "version-mismatch");
    }
    // What is not understood gives no right, and takes none.
    for grants in ["crm/*:owner", "crm:editor", "crm/*", "*:editor", "CRM/*:editor", "map[crm/*:editor]"] {
        let person = Person::new("p", grants);
        stack.call(&person, "PUT", path, &[], "{}").await.is_problem(403, "forbidden");
        let person = Person::new("p", &format!("[{grants} crm/*:viewer]"));
        assert_eq!(stack.call(&person, "PUT", path, &[], "{}").await.is(403).at("/has"), "viewer");
    }
    assert_eq!(stack.newest(&Person::admin("ada")).await, 0);
}
