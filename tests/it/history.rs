//! Reading the history: what happened, what a version was, where things stand.

mod apps;
mod blame;
mod browse;
mod diff;
mod sessions;
mod standing;
mod versions;

use serde_json::json;

use crate::support::{Person, Stack};

/// An environment with an entry of every kind, a second apart, by two people.
async fn a_full_history() -> (Stack, Person) {
    let stack = Stack::start().await;
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    stack.save(&ada, "{\"title\":\"Desk\",\"items\":[1,2]}").await.is(201);
    stack.seconds_pass(1);
    stack.save(&ben, "{\"title\":\"Refunds\",\"items\":[1,2,3],\"new\":{}}").await.is(200);
    let steps = [
        (&ada, "snapshots", json!({"name": "spring", "note": "Before the sale"})),
        (&ada, "publish", json!({"snapshot": "spring"})),
        (&ben, "restore", json!({"version": 1})),
        (&ada, "publish", json!({"version": 1})),
        (&ada, "rollback", json!({})),
        (&ben, "unpublish", json!({"note": "Closed"})),
    ];
    for (person, verb, body) in steps {
        stack.seconds_pass(1);
        let done = stack.act(person, verb, body).await;
        assert!(done.status.is_success(), "{verb}: {done:?}");
    }
    stack.seconds_pass(1);
    let path = crate::support::steps::under("snapshots/spring");
    stack.call(&ben, "PATCH", &path, &[], "{\"name\":\"easter\"}").await.is(200);
    (stack, ada)
}
