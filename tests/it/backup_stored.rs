//! A stored backup is proven: what verifies restores, and what does not says why.

use serde_json::{Value, json};

use crate::support::objects::Object;
use crate::support::{Answer, Person, Stack};

/// The only object in the backups bucket.
async fn object(stack: &Stack) -> Object {
    let found = stack.backup_objects().await;
    assert_eq!(found.len(), 1, "{found:?}");
    stack.backup_object(&found[0])
}

/// A stack with one backup of #1, and #2 the working version.
async fn with_a_backup(ada: &Person) -> (Stack, String) {
    let stack = Stack::start().await;
    stack.save(ada, "{ \"n\": 1.0 }").await.is(201);
    let id = stack.back_up(ada, json!({})).await;
    stack.save_each(ada, [2]).await;
    (stack, id)
}

async fn verify(stack: &Stack, ada: &Person, id: &str) -> Answer {
    stack.act(ada, &format!("backups/{id}/verify"), json!({})).await.is(200)
}

#[tokio::test]
async fn a_whole_backup_verifies() {
    let ada = Person::admin("ada");
    let (stack, id) = with_a_backup(&ada).await;
    stack.seconds_pass(3_600);
    let verified = verify(&stack, &ada, &id).await;
    assert_eq!((verified.at("/ok"), verified.at("/faults")), (json!(true), json!([])));
    assert_eq!(verified.at("/compared/version"), 1);
    assert_eq!(verified.at("/compared/sha256"), stack.read(&ada, "versions/1").await.at("/sha256"));
    let shown = stack.read(&ada, &format!("backups/{id}")).await.is(200);
    assert_eq!(shown.at("/verified_at"), "2026-11-13T10:14:00.000Z");
    assert_eq!((shown.at("/at"), shown.at("/fault")), (json!("2026-11-13T09:14:00.000Z"), Value::Null));
}

#[tokio::test]
async fn a_flipped_byte_is_found_wherever_it_is() {
    let ada = Person::admin("ada");
    let (stack, id) = with_a_backup(&ada).await;
    let object = object(&stack).await;
    let whole = stack.stored(&object).await;
    for place in [0, 4, 9, 10, whole.len() / 2, whole.len() - 6, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        stack.alter(&object, bytes).await;
        let verified = verify(&stack, &ada, &id).await;
        assert_eq!(verified.at("/ok"), false, "byte {place}");
        let fault = verified.at("/faults/0");
        assert!(fault.as_str().is_some_and(|fault| fault.len() > 10), "byte {place}: {verified:?}");
        assert_eq!(stack.read(&ada, "backups").await.at("/items/0/fault"), fault);
        let refused = stack.act(&ada, "restore", json!({"backup": id})).await.is_problem(422, "invalid-file");
        assert_eq!((refused.at("/reason"), refused.at("/faults/0")), (json!("stored"), fault));
    }
    assert_eq!(stack.newest(&ada).await, 2);
    assert_eq!(stack.backup_ids(&ada).await.len(), 1, "what cannot be restored needs no backup before it");
    // Once it is whole again, the fault is gone.
    stack.alter(&object, whole).await;
    assert_eq!(verify(&stack, &ada, &id).await.at("/ok"), true);
    assert_eq!(stack.read(&ada, "backups").await.at("/items/0/fault"), Value::Null);
    stack.act(&ada, "restore", json!({"backup": id})).await.is(200);
    assert_eq!(stack.read(&ada, "working").await.text(), "{ \"n\": 1.0 }");
}

#[tokio::test]
async fn a_lost_object_is_named() {
    let ada = Person::admin("ada");
    let (stack, id) = with_a_backup(&ada).await;
    stack.lose(&object(&stack).await).await;
    let verified = verify(&stack, &ada, &id).await;
    assert_eq!(verified.at("/faults"), json!(["the object is not in the bucket"]));
    assert_eq!(verified.at("/compared"), Value::Null);
    let refused = stack.act(&ada, "restore", json!({"backup": id})).await.is_problem(422, "invalid-file");
    assert_eq!(refused.at("/faults"), verified.at("/faults"));
    stack.assert_whole(2).await;
}

#[tokio::test]
async fn another_backup_in_its_place_is_found() {
    let ada = Person::admin("ada");
    let (stack, id) = with_a_backup(&ada).await;
    let object = object(&stack).await;
    let whole = stack.stored(&object).await;
    let other = stack.back_up(&ada, json!({})).await;
    stack.alter(&object, stack.download(&ada, &other).await).await;
    let verified = verify(&stack, &ada, &id).await;
    assert_eq!(verified.at("/ok"), false, "{verified:?}");
    stack.act(&ada, "restore", json!({"backup": id})).await.is_problem(422, "invalid-file");
    stack.alter(&object, whole).await;
    assert_eq!(verify(&stack, &ada, &id).await.at("/ok"), true);
}

#[tokio::test]
async fn a_later_backup_of_the_same_version_in_its_place_is_found() {
    let ada = Person::admin("ada");
    let (stack, id) = with_a_backup(&ada).await;
    let object = object(&stack).await;
    stack.seconds_pass(3_600);
    let later = stack.back_up(&ada, json!({"of": 1})).await;
    stack.alter(&object, stack.download(&ada, &later).await).await;
    // It is whole, and of the same config: that it is another file is known from the record alone.
    let verified = verify(&stack, &ada, &id).await;
    assert_eq!(verified.at("/ok"), false, "{verified:?}");
    stack.act(&ada, "restore", json!({"backup": id})).await.is_problem(422, "invalid-file");
    stack.act(&ada, "restore", json!({"backup": later})).await.is(200);
}
