//! Which targets a request may have: those that every layer behind the gateway reads in the same way.
//!
//! The function is handed the path decoded, and `lambda_http` makes a URL of scheme, host and path. A URL parser takes out
//! dot segments, turns `\` into `/`, drops tabs, ends the path at `#` and `?`, and reads a host as far as a `/`. Then
//! another path is routed, and its rights are checked, than the one that was asked for. Such a target is refused.

use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use url::Url;

use super::refusal::Refusal;

/// Refuses a target that layers could read differently.
///
/// # Errors
/// [`Refusal::Target`].
pub(super) fn check(parts: &Parts) -> Result<(), Refusal> {
    let host = host(&parts.headers)?;
    // The absolute form is legal (RFC 9112, section 3.2.2), as long as it says the same as Host.
    if let Some(authority) = parts.uri.authority()
        && !host.is_some_and(|host| authority.as_str().eq_ignore_ascii_case(host))
    {
        return Err(Refusal::Target);
    }
    if path_is_plain(parts.uri.path()) { Ok(()) } else { Err(Refusal::Target) }
}

/// The one host, if there is any.
fn host(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut all = headers.get_all(HOST).iter();
    let (Some(host), more) = (all.next(), all.next()) else { return Ok(None) };
    let host = host.to_str().map_err(|_| Refusal::Target)?;
    if more.is_none() && is_host(host) { Ok(Some(host)) } else { Err(Refusal::Target) }
}

/// Whether a text is a host and perhaps a port, and nothing else of an address.
fn is_host(text: &str) -> bool {
    let is_all = |url: Url| {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        bare && url.has_host() && url.username().is_empty() && url.password().is_none()
    };
    let no_other = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\' | b'?' | b'#' | b'@');
    !text.is_empty() && text.bytes().all(no_other) && Url::parse(&format!("http://{text}/")).is_ok_and(is_all)
}

/// Whether a path, as it was sent, is the same to whoever decodes it, splits it or makes a URL of it.
fn path_is_plain(path: &str) -> bool {
    let Ok(decoded) = percent_decode_str(path).decode_utf8() else { return false };
    let Some(segments) = path.strip_prefix('/') else { return false };
    // A slash at the end stays what it is, and no route has one.
    let segments = segments.strip_suffix('/').filter(|before| !before.is_empty()).unwrap_or(segments);
    let plain = |segment: &str| {
        let other = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '%') || c.is_control();
        percent_decode_str(segment).decode_utf8().is_ok_and(|text| {
            !text.is_empty()
                && !matches!(text.as_ref(), "." | "..")
                && !text.contains(other)
                && text.trim() == text
        })
    };
    let again = || {
        let url = Url::parse(&format!("http://localhost{decoded}")).ok()?;
        let read = percent_decode_str(url.path()).decode_utf8().ok()?;
        Some(read == decoded)
    };
    segments.is_empty() || segments.split('/').all(plain) && again() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_host_and_a_port() {
        for host in ["127.0.0.1:8787", "localhost", "API.example", "[::1]:8787", "a-b.example:80"] {
            assert!(is_host(host), "{host}");
        }
        for other in [
            "",
            "[:",
            "a/b",
            "a/v1/apps/hr",
            "a\\b",
            "a?b",
            "a#b",
            "me@a",
            "a b",
            "a:b",
            "a:99999",
            "a%2fb",
            "a:80:80",
            "http://a",
            "[::1",
            "\u{e9}.example",
            "a\tb",
            "..//",
        ] {
            assert!(!is_host(other), "{other:?}");
        }
    }

    #[test]
    fn a_plain_path_is_the_same_to_everybody() {
        for path in [
            "/",
            "/v1/apps/crm/envs/production/working",
            "/v1/apps/c%20rm/echo",
            "/a/v1..2/x.y",
            "/a/%C3%A9;b=c,d",
            "/v1/",
        ] {
            assert!(path_is_plain(path), "{path}");
        }
        for path in [
            "",
            "*",
            "v1",
            "//",
            "//v1",
            "/v1//apps",
            "/v1//",
            "/v1/.",
            "/v1/..",
            "/v1/%2e",
            "/v1/%2E%2e/x",
            "/v1/.%2e",
            "/a/b%2f..%2fc",
            "/a%2Fb",
            "/a%5Cb",
            "/a\\b",
            "/a%5c..%5cb",
            "/a%3Fb",
            "/a%23b",
            "/a%252e%252e",
            "/a%25",
            "/a%00",
            "/a%09",
            "/a%0a/b",
            "/a%7F",
            "/a%20",
            "/%20a",
            "/a%C2%A0",
            "/a%ff",
            "/a%C2%85b",
        ] {
            assert!(!path_is_plain(path), "{path}");
        }
    }
}
