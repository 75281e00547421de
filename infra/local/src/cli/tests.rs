use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from([&["waymark"], arguments].concat())
}

/// What it writes, with a stop that comes at once.
async fn run(arguments: &[&str]) -> (Result<(), CliError>, String, String) {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let cli = parse(arguments).unwrap();
    let ended = cli.run(Sources::system(), std::future::ready(()), &mut out, &mut notes).await;
    (ended, String::from_utf8(out).unwrap(), String::from_utf8(notes).unwrap())
}

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    (folder, data)
}

#[tokio::test]
async fn a_token_stands_alone_and_is_accepted_by_its_folder_only() {
    let (_folder, data) = folder();
    let arguments =
        ["token", "--subject", "dev", "--name", "Dev", "--grant", "crm/*:editor", "--data", &data];
    let (ended, out, notes) = run(&arguments).await;
    ended.unwrap();
    assert_eq!((out.lines().count(), notes.as_str()), (1, ""));
    let key = |data: &str| {
        let data = DataDir::open(Path::new(data)).unwrap();
        TokenKey::from_secret(&Secrets::load_or_create(&data).unwrap().token)
    };
    let now = Sources::system().clock.now();
    let claims = key(&data).verify(out.trim_end(), now).unwrap();
    assert_eq!((claims["sub"].as_str(), claims["name"].as_str()), (Some("dev"), Some("Dev")));
    assert_eq!(claims["waymark_grants"], serde_json::json!(["crm/*:editor"]));
    let days = (claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()) / 86_400;
    assert_eq!(days, 30);
    let (_other, other) = folder();
    assert_eq!(key(&other).verify(out.trim_end(), now), Err(Refused::Signature));
}

#[test]
fn wrong_arguments_are_refused_by_name() {
    let token = ["token", "--subject", "dev"];
    let cases: [(&[&str], &str); 6] = [
        (&["--grant", "crm:editor"], "crm:editor"),
        (&["--grant", "crm/*:owner"], "crm/*:owner"),
        (&[], "--grant"),
        (&["--grant", "crm/*:editor", "--expires-in-hours", "0"], "--expires-in-hours"),
        (&["--grant", "crm/*:editor", "--name", ""], "--name"),
        (&["--grant", "crm/*:editor", "--frobnicate"], "--frobnicate"),
    ];
    for (arguments, named) in cases {
        let refused = parse(&[&token, arguments].concat()).unwrap_err();
        assert!(refused.use_stderr() && refused.to_string().contains(named), "{refused}");
    }
    assert!(parse(&["token", "--subject", "", "--grant", "crm/*:editor"]).is_err());
    assert!(parse(&["--empty", "--data", "x", "--listen", "127.0.0.1:0"]).is_ok());
}

#[tokio::test]
async fn a_folder_in_use_is_one_clear_line() {
    let (_folder, data) = folder();
    let _lock = DataDir::open(Path::new(&data)).unwrap().lock().unwrap();
    let (ended, ..) = run(&["--data", &data, "--listen", "127.0.0.1:0"]).await;
    let line = ended.unwrap_err().to_string();
    assert_eq!(line, format!("{data} is in use by another waymark; stop it or use --data"));
}

#[tokio::test]
async fn a_token_is_made_while_the_folder_is_in_use() {
    let (_folder, data) = folder();
    let _lock = DataDir::open(Path::new(&data)).unwrap().lock().unwrap();
    let (ended, ..) = run(&["token", "--subject", "dev", "--grant", "crm/*:editor", "--data", &data]).await;
    ended.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_one_clear_line() {
    let (_folder, data) = folder();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let (ended, ..) = run(&["--data", &data, "--listen", &address]).await;
    let line = ended.unwrap_err().to_string();
    assert_eq!(
        line,
        format!("{address} is taken by another program; stop it or use --listen with another port")
    );
}

#[tokio::test]
async fn an_address_that_is_none_is_one_clear_line() {
    let (_folder, data) = folder();
    let (ended, ..) = run(&["--data", &data, "--listen", "nowhere"]).await;
    let line = ended.unwrap_err().to_string();
    assert!(line.starts_with("cannot listen on nowhere: ") && line.lines().count() == 1, "{line}");
}

#[tokio::test]
async fn the_start_says_where_and_how_and_the_stop_ends_it() {
    let (_folder, data) = folder();
    let (ended, out, notes) = run(&["--data", &data, "--listen", "127.0.0.1:0"]).await;
    ended.unwrap();
    assert_eq!(out, "");
    let lines: Vec<&str> = notes.lines().collect();
    assert!(
        lines[0].starts_with("Waymark serves http://127.0.0.1:") && lines[0].contains("/#token=ey"),
        "{notes}"
    );
    assert!(lines[1].ends_with(&format!("--grant 'crm/*:editor' --data '{data}'")), "{notes}");
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn an_open_address_is_warned_of() {
    let (_folder, data) = folder();
    let (ended, _, notes) = run(&["--data", &data, "--listen", "0.0.0.0:0"]).await;
    ended.unwrap();
    assert!(notes.starts_with("Warning: 0.0.0.0:"), "{notes}");
    assert!(notes.contains("http://127.0.0.1:"), "{notes}");
}

#[tokio::test]
async fn the_running_service_answers() {
    let (_folder, data) = folder();
    let place = Place { data: data.into(), listen: "127.0.0.1:0".to_owned(), sample: false };
    let running = Running::start(&place, Sources::system()).await.unwrap();
    let address = running.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(running.serve(async move { drop(stopped.await) }));
    let ask = async |path: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    assert!(ask("/").await.contains("<title>Waymark</title>"));
    assert!(ask("/v1/apps/crm/envs/production/live").await.starts_with("HTTP/1.1 401"));
    assert!(ask("/nothing").await.starts_with("HTTP/1.1 404"));
    stop.send(()).unwrap();
    served.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
