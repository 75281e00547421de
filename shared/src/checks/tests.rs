use std::time::Duration;

use super::*;

fn schema(text: &str) -> Arc<Schema> {
    Arc::new(Schema::parse(text).unwrap())
}

fn config(text: String) -> Config {
    Config::check(text.into_bytes()).unwrap()
}

#[test]
fn only_a_verdict_is_remembered_and_that_there_can_be_none() {
    let (checks, schema) = (Checks::default(), schema("{}"));
    let known = |found: Result<Failures, Unchecked>, text: &str| {
        let sha256 = Sha256::of(text.as_bytes());
        checks.remember(&schema, sha256, &found);
        checks.passed.get(&(schema.sha256(), sha256))
    };
    assert_eq!(known(Ok(Failures::default()), "a"), Some(Known::Verdict(true)));
    assert_eq!(known(Ok(Failures::whole("no")), "b"), Some(Known::Verdict(false)));
    assert_eq!(known(Err(Unfinished::Steps.into()), "c"), Some(Known::TooCostly));
    for unknown in [Unchecked::Busy, Unfinished::Failed.into(), Unfinished::Cancelled.into()] {
        assert_eq!(known(Err(unknown), "d"), None, "{unknown:?}");
    }
}

#[tokio::test]
async fn schemas_that_are_ready_are_bounded_in_bytes() {
    let checks = Checks::default();
    for n in 0..40 {
        let text = format!(r#"{{"pattern": "^\\p{{L}}{{1,{}}}$"}}"#, 60 + n);
        assert!(checks.compile(text).await.unwrap().weight() > 500_000);
    }
    assert!(checks.ready.weight() <= READY_BYTES, "{}", checks.ready.weight());
    assert!(checks.ready.len() > 1);
}

#[tokio::test]
async fn a_check_that_nobody_waits_for_ends() {
    // By far more than a test has time for.
    let options: Vec<String> = (0..9_000).map(|n| n.to_string()).collect();
    let schema = schema(&format!(r#"{{"items": {{"not": {{"enum": [{}]}}}}}}"#, options.join(",")));
    let endless = config(format!("[{}]", vec!["9999"; 2_000_000].join(",")));
    let turn = Turn::default();
    let purpose = |within| Purpose {
        budget: Budget::new(u64::MAX, usize::MAX),
        turn_within: Duration::from_secs(60),
        within,
    };
    let found = turn.check(&schema, &endless, 1, purpose(Duration::ZERO)).await;
    assert_eq!(found, Err(Unfinished::Cancelled.into()));
    // The next one's turn comes only when the thread has ended.
    let small = config("[1]".to_owned());
    assert!(!turn.check(&schema, &small, 1, purpose(Duration::from_secs(60))).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_s_turn_does_not_come_is_told() {
    let turn = Turn::default();
    let busy = turn.come(Duration::ZERO).await.unwrap();
    let purpose = || Purpose {
        budget: Budget::new(1_000, 1_000),
        turn_within: Duration::ZERO,
        within: Duration::from_secs(60),
    };
    let (schema, config) = (schema("{}"), config("[]".to_owned()));
    assert_eq!(turn.check(&schema, &config, 1, purpose()).await, Err(Unchecked::Busy));
    drop(busy);
    assert_eq!(turn.check(&schema, &config, 1, purpose()).await, Ok(Failures::default()));
}
