//! Where things stand in an environment, and whether its history is what was written.

use serde_json::json;

use super::a_full_history;
use crate::support::Person;
use crate::support::stack::ENV;
use crate::support::steps::under;

#[tokio::test]
async fn where_things_stand_is_one_answer() {
    let (stack, ada) = a_full_history().await;
    insta::assert_json_snapshot!("unpublished", stack.get(&ada, ENV, &[]).await.is(200).json());
    stack.act(&ada, "publish", json!({"snapshot": "easter"})).await.is(200);
    let standing = stack.get(&ada, ENV, &[]).await.is(200);
    assert_eq!((standing.at("/live/name"), standing.at("/differs")), (json!("easter"), json!(true)));
    stack.act(&ada, "restore", json!({"snapshot": "easter"})).await.is(200);
    assert_eq!(stack.get(&ada, ENV, &[]).await.at("/differs"), false);
    for role in ["viewer", "editor", "publisher", "admin"] {
        let person = Person::new("p", &format!("crm/production:{role} crm/*:reader"));
        assert_eq!(stack.get(&person, ENV, &[]).await.is(200).at("/role"), role);
    }
    let nowhere = stack.get(&ada, "/v1/apps/crm/envs/staging", &[]).await;
    nowhere.is_problem(404, "environment-not-found");
}

#[tokio::test]
async fn a_history_is_verified_in_pages() {
    let (stack, ada) = a_full_history().await;
    let whole = stack.read(&ada, "verify").await.is(200);
    assert_eq!((whole.at("/ok"), whole.at("/checked")), (json!(true), json!(10)));
    assert_eq!(whole.at("/next"), json!(null));
    let mut next = Some(under("verify?limit=3"));
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = stack.get(&ada, &path, &[]).await.is(200);
        assert_eq!((page.at("/ok"), page.at("/faults")), (json!(true), json!([])));
        seen.push((page.at("/from"), page.at("/to")));
        next = page.at("/next").as_str().map(str::to_owned);
        if next.is_none() {
            assert_eq!(page.at("/hash"), whole.at("/hash"));
        }
    }
    assert_eq!(seen, [(1, 3), (4, 6), (7, 9), (10, 10)].map(|(from, to)| (json!(from), json!(to))));
    for bad in ["from=0", "from=.x", "limit=0", "to=4"] {
        stack.read(&ada, &format!("verify?{bad}")).await.is_problem(400, "malformed-request");
    }
    let nowhere = stack.get(&ada, "/v1/apps/crm/envs/staging/verify", &[]).await;
    nowhere.is_problem(404, "environment-not-found");
}
