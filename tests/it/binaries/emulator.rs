//! cargo-lambda's emulator of the Lambda service, with every function behind it in a process of its own.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::folder;
use crate::support::client::Http;
use crate::support::lambda::{Stores, lambda_environment};

/// How long a start or an answer may take. A few hundred milliseconds do; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// All functions of the template.
pub(super) const FUNCTIONS: [&str; 9] = [
    "working",
    "snapshot",
    "history",
    "publish",
    "live",
    "restore",
    "backup",
    "backup-tick",
    "backup-worker",
];

/// A running function, and what it has printed.
struct Function {
    name: &'static str,
    process: Child,
    printed: File,
}

/// The emulator and the functions. All of them end when it is dropped.
pub(super) struct Emulator {
    address: String,
    functions: Vec<Function>,
    http: Http,
    _process: Child,
}

impl Emulator {
    /// Starts `cargo lambda watch` for functions that somebody else starts, and all functions over `stores`.
    pub(super) async fn start(stores: &Stores) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let process = Command::new("cargo")
            .args(["lambda", "watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1"])
            .args(["--invoke-port", &port.to_string()])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("cargo-lambda: pip install cargo-lambda");
        let open = async { while TcpStream::connect(&address).await.is_err() {} };
        tokio::time::timeout(PATIENCE, open).await.expect("cargo lambda watch did not start");
        let functions = FUNCTIONS.iter().map(|name| function(name, &address, stores)).collect();
        Self { address, functions, http: Http::new(), _process: process }
    }

    /// Hands an event to a function over HTTP, as Lambda's `Invoke` takes it, and gives what it answered.
    pub(super) async fn invoke(&self, function: &str, event: &Value) -> Value {
        let url = format!("http://{}/2015-03-31/functions/waymark-{function}/invocations", self.address);
        let sent = self.http.send("POST", &url, &[], event.to_string());
        let answer = tokio::time::timeout(PATIENCE, sent).await.expect("no answer in time").unwrap();
        serde_json::from_str(answer.text()).unwrap_or_else(|_| panic!("{function}: {}", answer.text()))
    }

    /// Asserts that no function has ended.
    pub(super) fn assert_alive(&mut self) {
        for function in &mut self.functions {
            let ended = function.process.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended: {ended:?}", function.name);
        }
    }

    /// Ends all of them, and gives what each has printed.
    pub(super) async fn stop(self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        for mut function in self.functions {
            function.process.kill().await.unwrap();
            let mut printed = String::new();
            function.printed.rewind().unwrap();
            function.printed.read_to_string(&mut printed).unwrap();
            all.push((function.name, printed));
        }
        all
    }
}

fn function(name: &'static str, address: &str, stores: &Stores) -> Function {
    let printed = tempfile::tempfile().unwrap();
    let process = Command::new(format!("{}/waymark-{name}/bootstrap", folder()))
        .env_clear()
        .envs(lambda_environment(&format!("http://{address}/.rt/waymark-{name}")))
        .envs(stores.environment())
        .stdin(Stdio::null())
        .stdout(printed.try_clone().unwrap())
        .stderr(printed.try_clone().unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    Function { name, process, printed }
}
