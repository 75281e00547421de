//! The story of the product.

use serde_json::json;

use crate::support::stack::ENV;
use crate::support::{Person, Stack};

const GOOD: &str =
    "{\n  \"title\": \"Refund desk\",\n  \"query\": \"select * from refunds where customer_id = :id\"\n}\n";
const BROKEN: &str = "{\n  \"title\": \"Refund desk\",\n  \"query\": \"select * from refunds\"\n}\n";

#[tokio::test]
async fn from_the_first_save_to_two_people_rolling_back() {
    let stack = Stack::start().await;
    let (ada, ben) = (Person::admin("ada"), Person::admin("ben"));
    let user = Person::new("app", "crm/production:reader");
    let live = format!("{ENV}/live");

    // Before anything is published, users see every save.
    stack.save(&ada, GOOD).await.is(201);
    assert_eq!(stack.get(&user, &live, &[]).await.is(200).text(), GOOD);

    // A release stands still while builders go on.
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({})).await.is(201);
    let published = stack.post(&ada, &format!("{ENV}/publish"), json!({"snapshot": "v1"})).await.is(200);
    assert_eq!(published.at("/label"), "Published v1");
    assert_eq!(published.at("/users_see_it_within_seconds"), 5);
    let broken = stack.save(&ben, BROKEN).await.is(200);
    let seen = stack.get(&user, &live, &[]).await.is(200);
    assert_eq!((seen.text(), seen.header("waymark-release")), (GOOD, "v1"));

    // The way back is an entry like any other, and has a way back itself.
    let restored = stack.post(&ada, &format!("{ENV}/restore"), json!({"version": 1})).await.is(200);
    assert_eq!(restored.at("/label"), "Reverted changes to #1");
    assert_eq!(stack.get(&ada, &format!("{ENV}/working"), &[]).await.text(), GOOD);
    let again = json!({"version": broken.at("/version")});
    stack.post(&ada, &format!("{ENV}/restore"), again).await.is(200);
    assert_eq!(stack.get(&ada, &format!("{ENV}/working"), &[]).await.text(), BROKEN);

    // A release that turns out to be broken is rolled back, once, by two people who press at once.
    stack.post(&ben, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    stack.post(&ben, &format!("{ENV}/publish"), json!({"snapshot": "spring"})).await.is(200);
    assert_eq!(stack.get(&user, &live, &[]).await.text(), BROKEN);
    let back = || json!({"expect_live": "spring"});
    let (path, one, two) = (format!("{ENV}/rollback"), back(), back());
    let (a, b) = tokio::join!(stack.post(&ada, &path, one), stack.post(&ben, &path, two));
    let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
    assert_eq!(won.is(200).at("/label"), "Rolled back to v1");
    assert_eq!(lost.is_problem(409, "live-changed").at("/live/name"), "v1");
    assert_eq!(stack.get(&user, &live, &[]).await.text(), GOOD);

    // Nothing of it is lost, and all of it is in the history.
    let history = stack.get(&ada, &format!("{ENV}/history"), &[]).await.is(200);
    let labels: Vec<_> =
        history.at("/items").as_array().unwrap().iter().map(|e| e["label"].clone()).collect();
    assert_eq!(
        labels,
        [
            "Rolled back to v1",
            "Published spring",
            "Snapshot spring",
            "Reverted changes to #4",
            "Reverted changes to #1",
            "query",
            "Published v1",
            "Snapshot v1",
            "First save",
        ]
    );
    let verified = stack.get(&ada, &format!("{ENV}/verify"), &[]).await.is(200);
    assert_eq!((verified.at("/ok"), verified.at("/checked")), (json!(true), json!(9)));
}
