//! Redis: one stream, one element per save.

use std::process::Command;

use bytes::Bytes;
use redis::{Connection, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, Value, cmd};

use crate::server::{Server, open_dir};
use crate::side::{Op, Run, Side};

/// A server of its own on a socket, synced before every answer.
pub(crate) struct Redis {
    connection: Connection,
    ids: Vec<String>,
    aof: std::path::PathBuf,
    _server: Server,
}

impl Redis {
    /// # Panics
    ///
    /// Without `redis-server`.
    pub(crate) async fn start() -> Self {
        let dir = open_dir();
        let socket = dir.path().join("redis.sock");
        let aof = dir.path().join("appendonlydir");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--unixsocket"]).arg(&socket);
        command
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir"])
            .arg(dir.path());
        let server = Server::start(dir, command, &socket).await;
        let info: ConnectionInfo = ConnectionAddr::Unix(socket).into_connection_info().unwrap();
        let connection = redis::Client::open(info).unwrap().get_connection().unwrap();
        Self { connection, ids: Vec::new(), aof, _server: server }
    }

    fn read(&mut self, command: &str, arguments: &[&str]) -> Bytes {
        let mut command = cmd(command);
        command.arg("config");
        command.arg(arguments);
        // Elements: id, then name and value by turns.
        let elements: Vec<(String, Vec<Value>)> = command.query(&mut self.connection).unwrap();
        match elements.into_iter().next().map(|(_, members)| members.into_iter().nth(1)) {
            Some(Some(Value::BulkString(text))) => text.into(),
            other => panic!("{other:?}"),
        }
    }
}

impl Side for Redis {
    fn name(&self) -> &'static str {
        "Redis stream"
    }

    fn settings(&self) -> String {
        "Debian's, XADD with appendfsync always (synced before the answer), Unix socket; a list of 50 brings the configs \
         along. Bytes kept: the append-only file"
            .to_owned()
    }

    fn offers(&self, op: &Op<'_>) -> bool {
        matches!(op, Op::Save(_) | Op::Read(_) | Op::Head | Op::List)
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            match op {
                Op::Save(text) => {
                    let mut add = cmd("XADD");
                    add.arg("config").arg("*").arg("text").arg(text.text.as_ref());
                    self.ids.push(add.query(&mut self.connection).unwrap());
                    Bytes::new()
                }
                Op::Read(version) => {
                    let id = self.ids[version - 1].clone();
                    self.read("XRANGE", &[&id, &id])
                }
                Op::Head => self.read("XREVRANGE", &["+", "-", "COUNT", "1"]),
                _ => self.read("XREVRANGE", &["+", "-", "COUNT", "50"]),
            }
        })
    }

    fn stored(&mut self) -> Run<'_, Option<u64>> {
        Box::pin(async { Some(crate::server::bytes_in(&self.aof)) })
    }
}
