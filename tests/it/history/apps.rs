//! `GET /v1/apps`: the environments that a caller may see, and not a word about others.

use serde_json::{Value, json};

use crate::support::{Person, Stack};

const ENVIRONMENTS: [&str; 9] = [
    "acme/production",
    "acme/staging",
    "bolt/production",
    "crm/eu",
    "crm/production",
    "crm/production-2",
    "sales-emea/production",
    "sales-emea/staging",
    "zeta/production",
];

async fn many_tenants() -> Stack {
    let stack = Stack::start().await;
    let root = Person::new("root", "*/*:admin");
    for env in ENVIRONMENTS.iter().rev() {
        let (app, env) = env.split_once('/').unwrap();
        let path = format!("/v1/apps/{app}/envs/{env}/working");
        stack.call(&root, "PUT", &path, &[], "{}").await.is(201);
    }
    stack
}

fn names(items: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.iter().map(|item| text(&item["app"]) + "/" + &text(&item["environment"])).collect()
}

#[tokio::test]
async fn a_caller_sees_what_the_grants_allow() {
    let stack = many_tenants().await;
    let cases: [(&str, &[&str]); 13] = [
        ("*/*:viewer", &ENVIRONMENTS),
        ("crm/*:viewer", &ENVIRONMENTS[3..6]),
        ("crm/production:viewer", &ENVIRONMENTS[4..5]),
        ("crm/production*:viewer", &ENVIRONMENTS[4..6]),
        ("sales-*/*:editor", &ENVIRONMENTS[6..8]),
        ("s*/production:editor", &ENVIRONMENTS[6..7]),
        ("*/staging:admin", &["acme/staging", "sales-emea/staging"]),
        ("[zeta/*:viewer acme/staging:viewer]", &["acme/staging", "zeta/production"]),
        ("*/*:reader bolt/*:viewer", &ENVIRONMENTS[2..3]),
        ("*/staging:viewer crm/*:reader", &["acme/staging", "sales-emea/staging"]),
        ("*/*:reader", &[]),
        ("ghost/*:admin", &[]),
        ("", &[]),
    ];
    for (grants, expected) in cases {
        let person = Person::new("p", grants);
        for limit in [1, 2, 3, 50] {
            let pages = stack.pages(&person, &format!("/v1/apps?limit={limit}")).await;
            assert_eq!(names(&pages.concat()), expected, "{grants} by {limit}");
            assert_eq!(pages.len(), expected.len().div_ceil(limit).max(1), "{grants} by {limit}");
        }
    }
    let roles = Person::new("p", "crm/*:viewer crm/eu:admin */production:publisher");
    let listed = stack.listed(&roles, "/v1/apps", "/role").await;
    let publisher = "publisher";
    assert_eq!(listed, [publisher, publisher, "admin", publisher, "viewer", publisher, publisher]);
}

#[tokio::test]
async fn the_next_page_names_nothing_that_the_caller_may_not_see() {
    let stack = many_tenants().await;
    for grants in ["*/staging:viewer", "acme/*:viewer crm/production:viewer zeta/*:viewer", "*/p*:viewer"] {
        let person = Person::new("p", grants);
        let seen = names(&stack.pages(&person, "/v1/apps").await.concat());
        let mut next = Some("/v1/apps?limit=1".to_owned());
        let mut named = Vec::new();
        while let Some(path) = next {
            let page = stack.get(&person, &path, &[]).await.is(200);
            next = page.at("/next").as_str().map(str::to_owned);
            if let Some(next) = &next {
                let after = next.split("after=").nth(1).unwrap().split('&').next().unwrap();
                named.push(after.replace("%2F", "/").replace("%2D", "-"));
            }
        }
        assert_eq!(named, seen[..seen.len() - 1], "{grants}");
    }
}

#[tokio::test]
async fn a_page_may_begin_behind_any_name() {
    let stack = many_tenants().await;
    let root = Person::new("root", "*/*:viewer");
    let behind = async |person: &Person, after: &str| {
        names(&stack.pages(person, &format!("/v1/apps?after={after}")).await.concat())
    };
    assert_eq!(behind(&root, "crm/production").await, ENVIRONMENTS[5..]);
    assert_eq!(behind(&root, "crm/f").await, ENVIRONMENTS[4..]);
    assert!(behind(&root, "zz/z").await.is_empty());
    // A name that the caller may not see changes nothing about what comes behind it.
    let person = Person::new("p", "acme/*:viewer sales-emea/*:viewer");
    assert_eq!(behind(&person, "crm/production").await, ENVIRONMENTS[6..8]);
    assert_eq!(behind(&person, "crm/absent").await, ENVIRONMENTS[6..8]);
    assert_eq!(
        behind(&person, "acme/production").await,
        ["acme/staging", "sales-emea/production", "sales-emea/staging"]
    );
    for bad in ["after=", "after=crm", "after=A/b", "limit=0", "limit=201", "app=crm"] {
        let refused = stack.get(&root, &format!("/v1/apps?{bad}"), &[]).await;
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{bad}: {refused:?}");
    }
}

#[tokio::test]
async fn an_environment_is_listed_once_something_was_saved() {
    let stack = Stack::start().await;
    let ada = Person::admin("ada");
    let settings = "/v1/apps/crm/envs/production/settings";
    stack.call(&ada, "PUT", settings, &[], "{\"releases\":true}").await.is(200);
    let nothing = stack.get(&ada, "/v1/apps", &[]).await.is(200);
    assert_eq!(nothing.json(), json!({"items": [], "next": null}));
    stack.save_each(&ada, 1..=3).await;
    assert_eq!(stack.listed(&ada, "/v1/apps", "/environment").await, ["production"]);
}
