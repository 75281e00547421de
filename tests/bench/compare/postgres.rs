//! PostgreSQL: one row per version.

use std::path::PathBuf;
use std::process::Command;

use bytes::Bytes;
use tokio_postgres::{Client, NoTls, Statement};

use crate::server::{Server, newest_of, open_dir, output};
use crate::side::{Op, Run, Side};

/// It runs as this user, since it refuses to run as root.
const USER: &str = "postgres";

const SCHEMA: &str = "
    create table versions (
        env text, version bigint, at timestamptz default now(), author text,
        config text compression lz4, primary key (env, version)
    );
    create table releases (env text primary key, version bigint);";

/// A server of its own on a socket, as Debian sets it up.
pub(crate) struct Postgres {
    client: Client,
    statements: Vec<Statement>,
    newest: usize,
    _server: Server,
}

/// The statements, in the order of [`Postgres::statements`].
const STATEMENTS: [&str; 8] = [
    "insert into versions (env, version, author, config) values ('crm/production', $1, 'ada', $2)",
    "select config from versions where env = 'crm/production' and version = $1",
    "select config from versions where env = 'crm/production' order by version desc limit 1",
    "select version, at::text, author from versions where env = 'crm/production' order by version desc limit 50",
    "insert into versions (env, version, author, config) select env, $1, 'ada', config from versions \
     where env = 'crm/production' and version = $2",
    "insert into releases values ('crm/production', $1) on conflict (env) do update set version = excluded.version",
    "select v.version from releases r join versions v using (env, version) where env = 'crm/production'",
    "select v.config from releases r join versions v using (env, version) where env = 'crm/production'",
];

impl Postgres {
    /// # Panics
    ///
    /// Without Debian's `postgresql`, or as root without `setpriv`.
    pub(crate) async fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql").expect("install postgresql");
        let folders = versions.map(|entry| entry.unwrap().path().join("bin"));
        let bin = newest_of(folders.collect()).expect("install postgresql");
        let (dir, root) = (open_dir(), is_root());
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if root {
            output(Command::new("chown").arg(USER).arg(&data));
        }
        let user = if root { USER.to_owned() } else { whoami() };
        output(
            as_user(root, bin.join("initdb"))
                .arg("--auth=trust")
                .arg("--username")
                .arg(&user)
                .arg("-D")
                .arg(&data),
        );
        let mut command = as_user(root, bin.join("postgres"));
        command.arg("-D").arg(&data).args(["-c", "listen_addresses="]);
        command.arg("-c").arg(format!("unix_socket_directories={}", data.display()));
        let socket = data.join(".s.PGSQL.5432");
        let server = Server::start(dir, command, &socket).await;
        let mut config = tokio_postgres::Config::new();
        config.host_path(&data).user(&user).dbname("postgres");
        let (client, connection) = loop {
            // The socket is there a moment before it serves.
            match config.connect(NoTls).await {
                Ok(connected) => break connected,
                Err(error) if error.code().is_some() => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        tokio::spawn(connection);
        client.batch_execute(SCHEMA).await.unwrap();
        let mut statements = Vec::new();
        for statement in STATEMENTS {
            statements.push(client.prepare(statement).await.unwrap());
        }
        Self { client, statements, newest: 0, _server: server }
    }

    async fn config(&self, statement: usize, version: Option<i64>) -> Bytes {
        let row = match &version {
            Some(version) => self.client.query_one(&self.statements[statement], &[version]).await,
            None => self.client.query_one(&self.statements[statement], &[]).await,
        };
        row.unwrap().get::<_, String>(0).into()
    }

    fn next(&mut self) -> i64 {
        self.newest += 1;
        number(self.newest)
    }
}

fn number(version: usize) -> i64 {
    i64::try_from(version).unwrap()
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")) == b"0\n"
}

fn whoami() -> String {
    String::from_utf8(output(Command::new("id").arg("-un"))).unwrap().trim().to_owned()
}

fn as_user(root: bool, program: PathBuf) -> Command {
    let mut command = if root { Command::new("setpriv") } else { Command::new(&program) };
    if root {
        let user = format!("--reuid={USER}");
        command.args([user.as_str(), "--regid=postgres", "--clear-groups"]).arg(program);
    }
    // Not every folder that one may start this in is open to that user.
    command.current_dir("/");
    command
}

impl Side for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn settings(&self) -> String {
        "Debian's with its defaults (fsync and synchronous_commit on: synced before the answer), one row per version, text \
         with lz4, prepared statements, Unix socket. Bytes kept: the table with its TOAST and index"
            .to_owned()
    }

    fn offers(&self, op: &Op<'_>) -> bool {
        !matches!(op, Op::Diff(..) | Op::LiveCold)
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            match op {
                Op::Save(text) => {
                    let text = std::str::from_utf8(&text.text).unwrap();
                    let next = self.next();
                    self.client.execute(&self.statements[0], &[&next, &text]).await.unwrap();
                }
                Op::Read(version) => return self.config(1, Some(number(version))).await,
                Op::Head => return self.config(2, None).await,
                Op::List => drop(self.client.query(&self.statements[3], &[]).await.unwrap()),
                Op::Restore(version) => {
                    let next = self.next();
                    let version = number(version);
                    self.client.execute(&self.statements[4], &[&next, &version]).await.unwrap();
                }
                Op::Publish(version) => {
                    self.client.execute(&self.statements[5], &[&number(version)]).await.unwrap();
                }
                Op::LiveSame => drop(self.client.query_one(&self.statements[6], &[]).await.unwrap()),
                _ => return self.config(7, None).await,
            }
            Bytes::new()
        })
    }

    fn stored(&mut self) -> Run<'_, Option<u64>> {
        Box::pin(async {
            let row = self.client.query_one("select pg_total_relation_size('versions')", &[]).await.unwrap();
            u64::try_from(row.get::<_, i64>(0)).ok()
        })
    }
}
