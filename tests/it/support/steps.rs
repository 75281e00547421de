//! Steps that many tests take in `crm/production`.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::stack::{ENV, Person, Stack};
use super::{Answer, Asked, time};

/// A path of `crm/production`, such as `publish`.
pub(crate) fn under(rest: &str) -> String {
    format!("{ENV}/{rest}")
}

impl Stack {
    /// `GET` of a path of `crm/production`.
    pub(crate) async fn read(&self, person: &Person, rest: &str) -> Answer {
        self.get(person, &under(rest), &[]).await
    }

    /// `POST` to a path of `crm/production`.
    pub(crate) async fn act(&self, person: &Person, rest: &str, body: Value) -> Answer {
        self.post(person, &under(rest), body).await
    }

    /// `PUT /working` with headers.
    pub(crate) async fn put(
        &self,
        person: &Person,
        headers: &[(&str, &str)],
        config: impl Into<Body>,
    ) -> Answer {
        self.call(person, "PUT", &under("working"), headers, config).await
    }

    /// The newest version; 0 where nothing was saved.
    pub(crate) async fn newest(&self, person: &Person) -> u64 {
        self.get(person, ENV, &[]).await.at("/working/version").as_u64().unwrap_or_default()
    }

    /// Saves `{"n": …}` for each of these numbers.
    pub(crate) async fn save_each(&self, person: &Person, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            let saved = self.save(person, json!({ "n": number }).to_string()).await;
            assert!(saved.status.is_success(), "{saved:?}");
        }
    }

    /// The pages of a listing, from `path` to the last `next`.
    pub(crate) async fn pages(&self, person: &Person, path: &str) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(person, &path, &[]).await.is(200);
            pages.push(page.at("/items").as_array().unwrap().clone());
            next = page.at("/next").as_str().map(str::to_owned);
            assert!(pages.len() < 1_000, "a listing that never ends: {path}");
        }
        pages
    }

    /// All items of a listing, with one member of each.
    pub(crate) async fn listed(&self, person: &Person, path: &str, member: &str) -> Vec<Value> {
        let pages = self.pages(person, path).await;
        pages.iter().flatten().map(|item| item.pointer(member).cloned().unwrap_or_default()).collect()
    }

    /// What the app's users get: the text, and the release's name.
    pub(crate) async fn users_see(&self) -> (String, String) {
        let user = Person::new("user", "crm/production:reader");
        let live = self.read(&user, "live").await.is(200);
        (live.text().to_owned(), live.header("waymark-release").to_owned())
    }

    /// Moves the clock; a negative number of seconds moves it back.
    pub(crate) fn seconds_pass(&self, seconds: i64) {
        self.clock.advance(jiff::SignedDuration::from_secs(seconds));
    }

    /// Sends a request without the context that the authorizer leaves.
    pub(crate) async fn send_unsigned(&self, request: Request<Body>) -> Answer {
        let (asked, request) = Asked::of(request).await;
        let answer = Answer::read(self.router.clone().oneshot(request).await.unwrap()).await;
        asked.check(&answer);
        answer
    }
}

/// The moment so many seconds after every test's beginning.
pub(crate) fn moment(seconds: i64) -> String {
    (time::start() + jiff::SignedDuration::from_secs(seconds)).to_string()
}
