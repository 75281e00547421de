//! What promotions and checks ask of AWS.

use serde_json::json;

use super::{promote, stage};
use crate::support::steps::under;
use crate::support::{Person, Stack};

const QUERY: &str = "DynamoDB.Query";
const GET: &str = "DynamoDB.GetItem";
const PUT: &str = "DynamoDB.PutItem";
const TRANSACT: &str = "DynamoDB.TransactWriteItems";
const S3_GET: &str = "S3.GetObject";
const S3_HEAD: &str = "S3.HeadObject";
const S3_PUT: &str = "S3.PutObject";

#[tokio::test]
async fn promotions() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stage(&stack, &ada, "{\"a\":1,\"n\":1}", "spring").await;
    stack.cold();
    stack.calls.take();
    promote(&stack, &ada, "spring", json!({})).await.is(201);
    // The name there and the snapshot's entry, the schema here, and the settings here and of the app.
    assert_eq!(
        stack.calls.take_unrepeated(),
        [GET, GET, GET, GET, GET, QUERY, TRANSACT, S3_GET],
        "the first"
    );

    stage(&stack, &ada, "{\"a\":2,\"n\":2}", "summer").await;
    stack.calls.take();
    promote(&stack, &ada, "summer", json!({})).await.is(200);
    // And the entry of the last promotion.
    let later = [GET, GET, GET, GET, GET, GET, QUERY, TRANSACT, S3_HEAD];
    assert_eq!(stack.calls.take_unrepeated(), later, "a later one, config in memory");

    stack.call(&ada, "PUT", &under("settings"), &[], "{\"keep\":[\"/a\"]}").await.is(200);
    stage(&stack, &ada, "{\"a\":3,\"n\":3}", "autumn").await;
    stack.calls.take();
    promote(&stack, &ada, "autumn", json!({})).await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [&later[..], &[S3_PUT]].concat(), "with values that are kept");
}

#[tokio::test]
async fn checks() {
    let (mut stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save_each(&ada, 1..=2).await;
    for n in 1..=2 {
        stack.act(&ada, "publish", json!({"version": n})).await.is(200);
    }
    stack.call(&ada, "PUT", &under("settings"), &[], "{\"schema\":{}}").await.is(200);
    stack.overwrite(&ada, "{\"n\":3}").await.is(200);
    stack.calls.take();
    stack.overwrite(&ada, "{\"n\":4}").await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [PUT, QUERY], "a save that is checked");
    stack.seconds_pass(30);
    stack.overwrite(&ada, "{\"n\":5}").await.is(200);
    assert_eq!(stack.calls.take_unrepeated(), [GET, PUT, QUERY], "once in half a minute");

    stack.cold();
    stack.act(&ada, "rollback", json!({})).await.is(200);
    // The entry that is gone back to, the snapshot's present name, and the schema.
    let calls = stack.calls.take_unrepeated();
    assert_eq!(calls, [GET, GET, GET, QUERY, TRANSACT, S3_GET], "a roll back that is checked");
}
