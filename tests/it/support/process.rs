//! The local service as a process of its own, over a data folder that outlives it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::Answer;
use super::client::Http;

/// How long a start, an answer or an end may take. A few hundred milliseconds do; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running service.
pub(crate) struct Service {
    child: Child,
    origin: String,
    token: String,
    http: Http,
}

fn command(binary: &str, data: &Path) -> Command {
    // As the service would make it, so that there is nothing to say of it.
    #[cfg(unix)]
    std::fs::set_permissions(data, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut command = Command::new(binary);
    // Nothing of the developer's own settings may reach it.
    command.env_clear().arg("--data").arg(data).stdin(Stdio::null()).kill_on_drop(true);
    command
}

impl Service {
    /// Starts `binary` on a free port over `data` and waits until it serves; its token is an administrator's of the
    /// apps `crm` and `hr`.
    pub(crate) async fn start(binary: &str, data: &Path) -> Self {
        let mut child = command(binary, data)
            .args(["--listen", "127.0.0.1:0", "--empty"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        let page = first.strip_prefix("Waymark serves ").unwrap_or_else(|| panic!("{first}"));
        let origin = page.split("/#").next().unwrap().to_owned();
        // Reads on, so that the service can go on printing.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let arguments = ["token", "--subject", "ada", "--grant", "crm/*:admin", "--grant", "hr/*:admin"];
        let printed = command(binary, data).args(arguments).output().await.unwrap();
        let token = format!("Bearer {}", String::from_utf8(printed.stdout).unwrap().trim());
        Self { child, origin, token, http: Http::new() }
    }

    /// Sends a request with the token. It is under way even when the future is not polled.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<bytes::Bytes>,
    ) -> tokio::task::JoinHandle<Option<Answer>> {
        let http = self.http.clone();
        let (method, url, body) = (method.to_owned(), format!("{}{path}", self.origin), body.into());
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut headers: Vec<_> = headers.iter().map(owned).collect();
        headers.push(("authorization".to_owned(), self.token.clone()));
        tokio::spawn(async move {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            tokio::time::timeout(PATIENCE, http.send(&method, &url, &headers, body)).await.unwrap().ok()
        })
    }

    /// `GET` with the token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await.unwrap().unwrap()
    }

    /// Sends the head of a request with a JSON body of `bytes` bytes, and waits for what the service says to it.
    pub(crate) async fn begin(&self, method: &str, path: &str, bytes: usize) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
             content-length: {bytes}\r\nexpect: 100-continue\r\n\r\n",
            self.address(),
            self.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\n") {
            said.push(tokio::time::timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        (stream, String::from_utf8(said).unwrap())
    }

    fn address(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }

    /// Waits until it accepts no more connections.
    pub(crate) async fn closed(&self) {
        let refused = async { while TcpStream::connect(self.address()).await.is_ok() {} };
        tokio::time::timeout(PATIENCE, refused).await.unwrap();
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Ends it as a power cut would (SIGKILL).
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end (SIGTERM).
    pub(crate) async fn ask_to_end(&self) {
        let sent = Command::new("kill").arg("-TERM").arg(self.id().to_string()).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }
}
