//! Many writers at once: versions stay dense, and no acknowledged save is lost.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::stack::ENV;
use crate::support::{Answer, Person, Stack};

fn config(writer: usize, save: usize) -> String {
    json!({ "title": "Refund desk", "writer": writer, "save": save }).to_string()
}

/// A stack in which one config was saved.
async fn begun() -> (Arc<Stack>, Person) {
    let (stack, ada) = (Stack::start().await, Person::admin("ada"));
    stack.save(&ada, config(0, 0)).await.is(201);
    (Arc::new(stack), ada)
}

/// The answers of `count` people who each do something at the same time.
async fn at_once<F>(count: usize, one: impl Fn(usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Vec<Answer>> + Send + 'static,
{
    let mut people = JoinSet::new();
    for number in 1..=count {
        people.spawn(one(number));
    }
    people.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_writers_lose_nothing() {
    const WRITERS: usize = 32;
    const SAVES: usize = 4;
    // Nothing was saved before: the writers race for the first version too.
    let stack = Arc::new(Stack::start().await);
    let answers = at_once(WRITERS, |writer| {
        let stack = Arc::clone(&stack);
        async move {
            let person = Person::admin(&format!("writer-{writer}"));
            let mut answers = Vec::new();
            for save in 0..SAVES {
                // The first save needs no condition; a race that it loses asks for one.
                let path = format!("{ENV}/working");
                let mut answer = stack.call(&person, "PUT", &path, &[], config(writer, save)).await;
                if answer.status == 428 {
                    answer = stack.overwrite(&person, config(writer, save)).await;
                }
                answers.push(answer);
            }
            answers
        }
    })
    .await;

    let mut acknowledged = BTreeMap::new();
    for answer in &answers {
        assert!(matches!(answer.status.as_u16(), 200 | 201), "{}", answer.text());
        let version = answer.at("/version").as_u64().unwrap();
        let there = acknowledged.insert(version, answer.at("/sha256"));
        assert!(there.is_none(), "#{version} was acknowledged twice");
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "one save was the first");
    let versions: Vec<u64> = acknowledged.keys().copied().collect();
    let dense: Vec<u64> = (1..=(WRITERS * SAVES) as u64).collect();
    assert_eq!(versions, dense);

    let ada = Person::admin("ada");
    let mut configs = HashSet::new();
    for (version, sha256) in &acknowledged {
        let answer = stack.get(&ada, &format!("{ENV}/versions/{version}/config"), &[]).await.is(200);
        assert_eq!(
            waymark::hash::Sha256::of(&answer.body).to_string(),
            sha256.as_str().unwrap(),
            "#{version}"
        );
        configs.insert(answer.text().to_owned());
    }
    let saved: HashSet<String> =
        (1..=WRITERS).flat_map(|writer| (0..SAVES).map(move |save| config(writer, save))).collect();
    assert_eq!(configs, saved, "every save is there once");
    stack.assert_whole((WRITERS * SAVES) as u64).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_build_on_one_version_one_saves() {
    let (stack, _) = begun().await;
    for round in 1..=5 {
        let answers = at_once(2, |writer| {
            let stack = Arc::clone(&stack);
            async move {
                let person = Person::admin(&format!("writer-{writer}"));
                let base = format!("\"{round}\"");
                let headers = [("if-match", base.as_str())];
                let text = config(writer, round);
                vec![stack.call(&person, "PUT", &format!("{ENV}/working"), &headers, text).await]
            }
        })
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        let lost = lost.into_iter().next().unwrap().is_problem(412, "version-mismatch");
        assert_eq!(lost.at("/version"), round + 1, "the present version is named");
    }
    stack.assert_whole(6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn generated_names_are_all_different() {
    let (stack, ada) = begun().await;
    // One of the names that would come is taken.
    stack.post(&ada, &format!("{ENV}/snapshots"), json!({"name": "v7"})).await.is(201);
    let answers = at_once(16, |number| {
        let stack = Arc::clone(&stack);
        async move {
            let person = Person::admin(&format!("person-{number}"));
            vec![stack.post(&person, &format!("{ENV}/snapshots"), json!({})).await.is(201)]
        }
    })
    .await;
    let names: HashSet<String> =
        answers.iter().map(|answer| answer.at("/name").as_str().unwrap().to_owned()).collect();
    let expected: HashSet<String> = (1..=17).filter(|n| *n != 7).map(|n| format!("v{n}")).collect();
    assert_eq!(names, expected);
    stack.assert_whole(18).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_explicit_name_is_given_once() {
    let (stack, ada) = begun().await;
    let answers = at_once(16, |number| {
        let stack = Arc::clone(&stack);
        async move {
            let person = Person::admin(&format!("person-{number}"));
            vec![stack.post(&person, &format!("{ENV}/snapshots"), json!({"name": "spring"})).await]
        }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.is_problem(409, "name-taken");
    }
    let listed = stack.get(&ada, &format!("{ENV}/snapshots"), &[]).await.is(200);
    assert_eq!(listed.at("/items").as_array().unwrap().len(), 1);
    assert_eq!(listed.at("/items/0/author"), won[0].at("/author"));
    stack.assert_whole(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_sent_many_times_at_once_saves_once() {
    let (stack, _) = begun().await;
    let answers = at_once(12, |_| {
        let stack = Arc::clone(&stack);
        async move {
            let headers = [("if-match", "\"1\""), ("idempotency-key", "k-1")];
            let path = format!("{ENV}/working");
            vec![stack.call(&Person::admin("ada"), "PUT", &path, &headers, config(1, 1)).await.is(200)]
        }
    })
    .await;
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    stack.assert_whole(2).await;
}
