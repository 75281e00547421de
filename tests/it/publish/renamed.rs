//! A rename and a publish at once.

use waymark::entry::{Event, Live, Releases};
use waymark::history::{Alongside, Attempt, Decide, Decision, Draft, DraftEntry, Mutation, Place, Refused};
use waymark::{Error, Problem};

use crate::support::{Person, Stack};
use serde_json::json;

/// Publishes under a name that was read before somebody else renamed the snapshot.
struct Late<'a> {
    stack: &'a Stack,
    told: Vec<Refused>,
}

impl Decide for Late<'_> {
    type Refusal = Problem;

    async fn decide(&mut self, attempt: Attempt<'_>) -> Result<Decision, Problem> {
        self.told = attempt.refused.to_vec();
        if !attempt.refused.is_empty() {
            return Ok(Decision::unchanged(attempt.head()?));
        }
        let env = "crm/production".parse::<waymark::id::EnvId>()?;
        let name: waymark::id::SnapshotName = "old".parse()?;
        let record = self.stack.waymark.history.named(&env, &name).await?;
        let (subject, snapshot) = (record.subject, record.snapshot);
        let live = Live { name: name.clone(), snapshot, subject: subject.clone(), entry: attempt.next() };
        let event = Event::Published { name: name.clone(), subject, rollback: false };
        let releases = Releases { live: Some(live), before: None };
        let mut draft = Draft::of(DraftEntry { releases: Some(releases), ..DraftEntry::new(event) });
        draft.alongside.push(Alongside::Published { snapshot, entry: attempt.next(), name });
        Ok::<_, Error>(draft.append()).map_err(Problem::from)
    }
}

#[tokio::test]
async fn a_release_goes_live_under_its_present_name_alone() {
    let ada = Person::admin("ada");
    let stack = Stack::start().await;
    stack.save(&ada, "{}").await.is(201);
    stack.act(&ada, "snapshots", json!({ "name": "old" })).await.is(201);
    stack
        .call(
            &ada,
            "PATCH",
            &crate::support::steps::under("snapshots/old"),
            &[],
            json!({ "name": "new" }).to_string(),
        )
        .await
        .is(200);
    let mutation = Mutation {
        place: Place::Environment("crm/production".parse().unwrap()),
        author: waymark::entry::Author { id: "ada".to_owned(), name: "ada".to_owned() },
        id: stack.waymark.sources.ids.fresh(),
        key: None,
        deadline: tokio::time::Instant::now() + std::time::Duration::from_secs(5),
    };
    let start = stack.waymark.history.start(&mutation).await.unwrap();
    let late = Late { stack: &stack, told: Vec::new() };
    let reply = stack.waymark.history.commit(&mutation, start, late).await.unwrap();
    assert_eq!(reply.body["unchanged"], true, "it was refused once, as renamed");
    let published = stack.act(&ada, "publish", json!({ "snapshot": "old" })).await.is(200);
    assert_eq!(published.at("/name"), "new");
}
