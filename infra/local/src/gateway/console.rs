//! The console: the files of `console/` as they are, out of the binary. They need no token, and hold no data.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};

/// Scripts and styles are these files alone, and no text becomes a page: `require-trusted-types-for` makes the browser
/// refuse `innerHTML` and its like. Files go to and from the embedded S3, which is on another port of this machine.
const POLICY: &str = "default-src 'none'; img-src data:; script-src 'self'; style-src 'self'; \
     connect-src 'self' http://127.0.0.1:* http://localhost:*; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// How the page is set up where the API has the same origin and tokens are printed. A link with `#token=` works here alone:
/// where people sign in, such a link could make somebody work under another identity.
const CONFIG: &str = r#"{"token_in_link":true}"#;

/// A file: its address, its media type and its text.
type File = (&'static str, &'static str, &'static str);

/// A script of `console/src`.
macro_rules! script {
    ($name:literal) => {
        (concat!("/src/", $name), SCRIPT, include_str!(concat!("../../../../console/src/", $name)))
    };
}

/// All files. A test compares this list with the folder.
const FILES: &[File] = &[
    ("/", HTML, include_str!("../../../../console/index.html")),
    ("/console.css", CSS, include_str!("../../../../console/console.css")),
    ("/page.css", CSS, include_str!("../../../../console/page.css")),
    ("/config.json", JSON, CONFIG),
    script!("actions.js"),
    script!("api.js"),
    script!("backups.js"),
    script!("blame.js"),
    script!("changes.js"),
    script!("console.js"),
    script!("detail.js"),
    script!("dialog.js"),
    script!("dom.js"),
    script!("edit.js"),
    script!("panel.js"),
    script!("promotion.js"),
    script!("releases.js"),
    script!("sample.js"),
    script!("sign-in.js"),
    script!("store.js"),
    script!("timeline.js"),
    script!("waymark-history.js"),
];

/// The routes of the files.
pub(super) fn files<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, &(path, media_type, text)| {
        router.route(path, get(async move || file(media_type, text)))
    })
}

fn file(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_script_of_the_folder_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/src");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("/src/{}", entry.unwrap().file_name().to_str().unwrap()))
            .collect();
        let served: BTreeSet<String> = FILES
            .iter()
            .map(|(path, ..)| (*path).to_owned())
            .filter(|path| path.starts_with("/src/"))
            .collect();
        assert_eq!(served, there);
    }
}
