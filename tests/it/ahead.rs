//! What is made ready of a large save while the newest entry is read is a guess. Whatever it was, what is saved is what was sent.

use serde_json::{Value, json};
use waymark::Waymark;
use waymark::config::Text;
use waymark::delta::{self, MAX_DELTA};
use waymark::id::EnvId;

use crate::support::generate::Tool;
use crate::support::stack::ENV;
use crate::support::{Answer, Person, Stack};

/// Large enough for a guess to be made.
const LARGE: usize = 100_000;

/// Two functions that save, over the same stores: what one does, the other has not in memory.
struct Two {
    stack: Stack,
    other: Waymark,
    ada: Person,
    saved: Vec<String>,
}

impl Two {
    async fn start() -> Self {
        let mut stack = Stack::start().await;
        let other = stack.waymark.clone();
        stack.cold();
        Self { stack, other, ada: Person::admin("ada"), saved: Vec::new() }
    }

    fn turn(&mut self) {
        let other = self.other.clone();
        self.other = self.stack.turn_to(other);
    }

    async fn save(&mut self, text: &str) {
        self.stack.save(&self.ada, text.to_owned()).await;
        self.saved.push(text.to_owned());
    }

    /// Whether something would be made ready of this text.
    async fn guesses(&self, text: &str) -> bool {
        let env = EnvId { app: "crm".parse().unwrap(), env: "production".parse().unwrap() };
        self.stack.waymark.configs.ahead(&env, &Text::read(text.to_owned()).unwrap()).await.is_some()
    }

    /// Reads everything back with nothing in memory, and holds what each entry says of its changes against what they are.
    async fn assert_whole(&mut self) {
        self.stack.cold();
        for (before, text) in self.saved.iter().enumerate() {
            let version = before + 1;
            let read =
                async |path: String| self.stack.get(&self.ada, &format!("{ENV}/{path}"), &[]).await.is(200);
            let config = read(format!("versions/{version}/config")).await;
            assert!(config.body == text.as_bytes(), "#{version} has other bytes");
            if before > 0 {
                let entry = read(format!("versions/{version}")).await;
                let diff = read(format!("diff?from={before}&to={version}")).await;
                assert_eq!(counts(&entry, "/changes"), counts(&diff, "/counts"), "#{version}");
            }
        }
        self.stack.assert_whole(self.saved.len() as u64).await;
    }
}

/// How many changes of each kind an answer tells of.
fn counts(answer: &Answer, place: &str) -> [Value; 4] {
    let count = |kind| match answer.at(&format!("{place}/{kind}")) {
        Value::Null => json!(0),
        count => count,
    };
    ["added", "removed", "changed", "moved"].map(count)
}

#[tokio::test]
async fn the_newest_entry_may_be_of_another_function() {
    let (mut two, mut tool) = (Two::start().await, Tool::of(LARGE));
    two.save(&tool.text()).await;
    let mut guesses = 0;
    for turns in [false, false, true, true, true, false, true, false, false] {
        if turns {
            two.turn();
        }
        for _ in 0..3 {
            tool.edit();
        }
        guesses += u32::from(two.guesses(&tool.text()).await);
        two.save(&tool.text()).await;
    }
    assert_eq!(guesses, 7, "all but the first of each function");
    two.assert_whole().await;
}

#[tokio::test]
async fn the_same_config_may_be_made_of_another_keyframe() {
    let (mut two, mut tool, elsewhere) = (Two::start().await, Tool::of(LARGE), Tool::seeded(2, LARGE));
    two.save(&tool.text()).await;
    tool.edit();
    two.save(&tool.text()).await;
    // Over the other config, the same one is a keyframe.
    two.turn();
    two.save(&elsewhere.text()).await;
    two.save(&tool.text()).await;
    two.turn();
    tool.edit();
    assert!(two.guesses(&tool.text()).await);
    two.save(&tool.text()).await;
    two.assert_whole().await;
}

#[tokio::test]
async fn what_is_merged_is_not_what_was_made_ready() {
    let (mut two, mut ours) = (Two::start().await, Tool::of(LARGE));
    two.save(&ours.text()).await;
    two.save(&ours.text().replacen("Back office", "Office", 1)).await;
    ours.edit();
    let path = format!("{ENV}/working");
    let saved = two.stack.call(&two.ada, "PUT", &path, &[("waymark-base", "1")], ours.text()).await.is(200);
    assert_eq!(saved.at("/merged/config_changed"), true);
    let merged = ours.text().replacen("Back office", "Office", 1);
    two.saved.push(merged);
    two.assert_whole().await;
}

#[tokio::test]
async fn two_at_once_are_both_saved_whole() {
    let (mut two, mut tool) = (Two::start().await, Tool::of(LARGE));
    two.save(&tool.text()).await;
    tool.edit();
    two.save(&tool.text()).await;
    let mut texts = [String::new(), String::new()];
    for text in &mut texts {
        tool.edit();
        *text = tool.text();
    }
    assert!(two.guesses(&texts[0]).await);
    let [one, other] = texts.each_ref().map(|text| two.stack.overwrite(&two.ada, text.clone()));
    let (one, other) = tokio::join!(one, other);
    let mut versions = [one, other].map(|answer| answer.is(200).at("/version"));
    if versions[0] == 4 {
        texts.swap(0, 1);
        versions.swap(0, 1);
    }
    assert_eq!(versions, [3, 4]);
    two.saved.extend(texts);
    two.assert_whole().await;
}

#[tokio::test]
async fn a_large_text_that_is_no_config_is_refused_and_the_next_one_saved() {
    let (mut two, mut tool) = (Two::start().await, Tool::of(LARGE));
    two.save(&tool.text()).await;
    tool.edit();
    two.save(&tool.text()).await;
    tool.edit();
    for (old, new) in
        [("\n]\n}", "\n]\n"), ("\n]\n}", "\n],\"title\":1\n}"), ("\"visible\": true", "\"visible\": truth")]
    {
        let text = tool.text().replacen(old, new, 1);
        assert!(two.guesses(&text).await);
        two.stack.overwrite(&two.ada, text).await.is_problem(422, "invalid-config");
    }
    two.save(&tool.text()).await;
    two.assert_whole().await;
}

/// The same edits by a function that has the config before in memory, and by one that has nothing.
#[tokio::test]
async fn what_is_told_of_an_edit_is_the_same_without_a_guess() {
    let (mut two, mut tool) = (Two::start().await, Tool::of(LARGE));
    let text = |tool: &Tool| format!("{{\"{}\": {}}}", "a-long-key".repeat(12), tool.text());
    let mut texts = vec![text(&tool)];
    let encoded =
        |keyframe: &str, text: &str| delta::encode(keyframe.as_bytes(), text.as_bytes(), MAX_DELTA).unwrap();
    // The last delta leaves room for fewer words than there are.
    for least in [0, 600, 1_600] {
        tool.edit();
        while encoded(&texts[0], &text(&tool)).unwrap().len() < least {
            tool.edit();
        }
        texts.push(text(&tool));
    }
    let mut told = [Vec::new(), Vec::new()];
    for (has_memory, told) in [true, false].into_iter().zip(&mut told) {
        let env = format!("/v1/apps/crm/envs/{}", if has_memory { "warm" } else { "cold" });
        for (saved, text) in texts.iter().enumerate() {
            let headers: &[_] = if saved > 0 { &[("if-match", "*")] } else { &[] };
            let path = format!("{env}/working");
            let answer = two.stack.call(&two.ada, "PUT", &path, headers, text.clone()).await;
            told.push(["/label", "/changes", "/first_changes"].map(|member| answer.at(member)));
            if !has_memory {
                two.stack.cold();
            }
        }
    }
    let [warm, cold] = told;
    assert_eq!(warm, cold);
    let paths = |told: &[Value; 3]| told[2].as_array().map_or(0, Vec::len);
    assert!(paths(&warm[3]) < paths(&warm[2]), "{warm:?}");
}
