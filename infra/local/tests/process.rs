//! The binary as a process: what it prints, how it ends, and what survives its end.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

fn waymark(data: &Path, arguments: &[&str]) -> Command {
    // As the service would make it, so that there is nothing to say of it.
    std::fs::set_permissions(data, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waymark"));
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null());
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

/// Starts the service and waits until it serves.
fn start(data: &Path) -> Child {
    let mut child = waymark(data, &["--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap());
    let first = lines.lines().next().unwrap().unwrap();
    assert!(first.starts_with("Waymark serves http://127.0.0.1:"), "{first}");
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(name).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

fn one_line(output: &Output) -> &str {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    text
}

#[test]
fn a_token_is_the_only_word_on_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["token", "--subject", "dev", "--grant", "crm/*:editor"];
    let output = waymark(folder.path(), &arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!((text.split_whitespace().count(), text.matches('.').count()), (1, 2), "{text}");
}

#[test]
fn it_ends_well_on_both_signals() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["-TERM", "-INT"] {
        let mut child = start(folder.path());
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
    }
}

#[test]
fn it_starts_again_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut child = start(folder.path());
        signal(&child, "-KILL");
        child.wait().unwrap();
    }
}

#[test]
fn a_second_service_in_the_folder_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = start(folder.path());
    let second = waymark(folder.path(), &["--listen", "127.0.0.1:0"]).output().unwrap();
    assert!(one_line(&second).ends_with("is in use by another waymark; stop it or use --data\n"));
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_taken_port_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let refused = waymark(folder.path(), &["--listen", &address]).output().unwrap();
    assert!(one_line(&refused).starts_with(&format!("waymark: {address} is taken by another program")));
}

/// Saves a config with a note to the service that listens at `page`, and reads it back.
fn save(page: &str, config: &str, note: &str) {
    let (origin, token) = page.trim_start_matches("Waymark serves http://").split_once("/#token=").unwrap();
    for (method, headers, body) in
        [("PUT", format!("Waymark-Note: {note}\r\n"), config), ("GET", String::new(), "")]
    {
        let mut stream = TcpStream::connect(origin).unwrap();
        let request = format!(
            "{method} /v1/apps/crm/envs/production/working HTTP/1.1\r\nHost: {origin}\r\nConnection: close\r\n\
             Authorization: {token}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }
}

#[test]
fn nothing_that_people_wrote_is_logged_whatever_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = waymark(folder.path(), &["--listen", "127.0.0.1:0", "--empty"]);
    let mut child = service.env("RUST_LOG", "trace").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let page = lines.by_ref().find(|line| line.starts_with("Waymark serves ")).unwrap();
    let rest = std::thread::spawn(move || lines.collect::<Vec<_>>().join("\n"));
    save(&page, r#"{"marker": "a-secret-config"}"#, "a-secret-note");
    signal(&child, "-TERM");
    child.wait().unwrap();
    let logged = rest.join().unwrap();
    assert!(logged.contains("waymark::telemetry"), "{logged}");
    for never in ["a-secret", "Signature", "AWS4-HMAC"] {
        assert!(!logged.contains(never), "{never}: {logged}");
    }
    // In base64 a text looks another way behind one or two other bytes.
    for before in ["", "-", "--"] {
        let encoded = STANDARD_NO_PAD.encode(format!("{before}a-secret-config"));
        assert!(!logged.contains(&encoded[4..16]), "{logged}");
    }
}
