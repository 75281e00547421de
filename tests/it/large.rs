//! Configs that are too large for a request or an answer as they are: compressed bodies, downloads, uploads, and
//! what is refused before it costs anything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::json;
use waymark::config::MAX_BYTES;
use waymark::hash::Sha256;

use crate::support::Answer;
use crate::support::client::{Http, gunzip, gzip};
use crate::support::gate::Gate;
use crate::support::generate::Tool;
#[cfg(target_os = "linux")]
use crate::support::process::Service;
use crate::support::stack::ENV;

const JSON: (&str, &str) = ("content-type", "application/json");
const MINIMAL: [(&str, &str); 1] = [("prefer", "return=minimal")];

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(text, 3).unwrap()
}

/// Saves a compressed body over whatever is there.
async fn put(gate: &Gate, encoding: &str, body: Vec<u8>) -> Answer {
    let there = gate.get(ENV, &[]).await.status.is_success();
    let mut headers = vec![JSON, ("content-encoding", encoding)];
    headers.extend(there.then_some(("if-match", "*")));
    gate.call("PUT", &format!("{ENV}/working"), &headers, body).await
}

/// Follows a redirect to a download, as a client without a token does, and gives the text of the file.
async fn downloaded(redirect: &Answer, file_name: &str) -> Vec<u8> {
    let url = redirect.header("location");
    assert!(url.contains("/waymark-transfer") && url.contains("/downloads/"), "{url}");
    let file = Http::new().get(url).await.is(200);
    assert_eq!(file.header("content-encoding"), "gzip");
    assert_eq!(file.header("content-type"), "application/json");
    assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{file_name}\""));
    gunzip(&file.body)
}

#[tokio::test]
async fn a_config_of_20_mb_goes_the_whole_way() {
    let (gate, mut tool) = (Gate::start().await, Tool::of(20_000_000));
    let first = tool.text();
    tool.edit();
    let second = tool.text();
    let (working, live) = (format!("{ENV}/working"), format!("{ENV}/live"));

    let saved = put(&gate, "zstd", zstd(first.as_bytes())).await.is(201);
    assert_eq!(saved.at("/bytes"), first.len());
    assert_eq!(saved.at("/sha256"), Sha256::of(first.as_bytes()).to_string());

    // Read in both ways.
    let read = gate.get(&working, &[]).await.is(303);
    assert_eq!((read.header("waymark-version"), read.header("cache-control")), ("1", "no-store"));
    assert!(downloaded(&read, "crm-production-v1.json").await == first.as_bytes(), "other bytes");
    let minimal = gate.get(&working, &MINIMAL).await.is(200);
    let url = minimal.at("/url");
    let file = Http::new().get(url.as_str().unwrap()).await.is(200);
    assert!(gunzip(&file.body) == first.as_bytes(), "other bytes");
    let objects = gate.transferred("downloads/").await;
    assert_eq!(objects.len(), 1, "one object serves both");

    // Who takes compressed answers gets it in one, when it is small enough so.
    let compressed = gate.get(&working, &[("accept-encoding", "zstd, gzip")]).await.is(200);
    assert_eq!(compressed.header("content-encoding"), "zstd");
    assert!(zstd::decode_all(compressed.body.as_ref()).unwrap() == first.as_bytes(), "other bytes");
    let unchanged = gate.get(&working, &[("if-none-match", compressed.header("etag"))]).await.is(304);
    assert!(unchanged.body.is_empty());

    // Released, edited, seen by users as it was released, and brought back.
    gate.post(&format!("{ENV}/snapshots"), json!({"name": "spring"})).await.is(201);
    gate.post(&format!("{ENV}/publish"), json!({"snapshot": "spring"})).await.is(200);
    assert_eq!(put(&gate, "gzip", gzip(second.as_bytes())).await.is(200).at("/version"), 4);
    // A cache must keep neither the address, which soon dies, nor what tells it in place of the config.
    let seen = gate.get(&live, &[]).await.is(303);
    let told = gate.get(&live, &MINIMAL).await.is(200);
    for answer in [&seen, &told] {
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""));
    }
    assert_eq!((seen.header("waymark-release"), seen.header("waymark-version")), ("spring", "1"));
    assert!(downloaded(&seen, "crm-production-v1.json").await == first.as_bytes(), "other bytes");
    let edited = gate.get(&working, &[]).await.is(303);
    assert!(downloaded(&edited, "crm-production-v4.json").await == second.as_bytes(), "other bytes");
    gate.post(&format!("{ENV}/restore"), json!({"snapshot": "spring"})).await.is(200);
    let restored = gate.get(&working, &[]).await.is(303);
    assert!(downloaded(&restored, "crm-production-v5.json").await == first.as_bytes(), "other bytes");
    assert_eq!(gate.transferred("downloads/").await.len(), 2, "one for each config");

    // An object that is there is not written again: another in its place stays.
    let there = gate.clients.s3.put_object().bucket(&gate.resources.transfer).key(&objects[0]);
    there.content_encoding("gzip").body(gzip(b"[]").into()).send().await.unwrap();
    let url = gate.get(&working, &MINIMAL).await.is(200).at("/url");
    let file = Http::new().get(url.as_str().unwrap()).await.is(200);
    assert!(gunzip(&file.body) == b"[]", "written again");
}

/// 33 MiB that are no JSON: a parser would say so.
#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_parsed() {
    let gate = Gate::start().await;
    let text = vec![b'x'; 33 << 20];
    for (encoding, body) in [("zstd", zstd(&text)), ("gzip", gzip(&text))] {
        let refused = put(&gate, encoding, body).await.is_problem(413, "too-large");
        assert_eq!(refused.at("/limit"), MAX_BYTES, "{encoding}");
    }
    // One byte less than too much is looked at, and then it is no JSON.
    put(&gate, "zstd", zstd(&text[..MAX_BYTES])).await.is_problem(422, "invalid-config");
    put(&gate, "zstd", zstd(&text[..=MAX_BYTES])).await.is_problem(413, "too-large");
    gate.get(ENV, &[]).await.is_problem(404, "environment-not-found");
}

#[tokio::test]
async fn bombs_are_refused() {
    let gate = Gate::start().await;
    let bomb = zstd_bomb(64 << 20, 21);
    assert!(bomb.len() < 4096, "{}", bomb.len());
    put(&gate, "zstd", bomb).await.is_problem(413, "too-large");
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 512 * 1024, "{}", bomb.len());
    put(&gate, "gzip", bomb).await.is_problem(413, "too-large");
    // A bomb that says itself how large it is.
    put(&gate, "zstd", zstd::bulk::compress(&vec![b' '; 64 << 20], 19).unwrap())
        .await
        .is_problem(413, "too-large");
    // Small documents have a small limit.
    let headers = [JSON, ("content-encoding", "zstd")];
    let path = format!("{ENV}/snapshots");
    gate.call("POST", &path, &headers, zstd_bomb(1 << 20, 17)).await.is_problem(413, "too-large");
}

/// In a process of its own, whose memory can be told from that of the other tests.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_bomb_takes_no_more_memory_than_the_largest_config() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(env!("CARGO_BIN_EXE_local-waymark"), folder.path()).await;
    let put = async |encoding, body: Vec<u8>| {
        let headers = [JSON, ("content-encoding", encoding), ("if-match", "*")];
        service.send("PUT", &format!("{ENV}/working"), &headers, body).await.unwrap().unwrap()
    };
    // The largest config that is looked at, though it is none.
    put("zstd", zstd_bomb(32 << 20, 21)).await.is_problem(422, "invalid-config");
    let usual = peak_memory(service.id());
    let bomb = zstd_bomb(2 << 30, 21);
    assert!(bomb.len() < 128 << 10, "{}", bomb.len());
    put("zstd", bomb).await.is_problem(413, "too-large");
    put("gzip", gzip(&vec![b' '; 16 << 20]).repeat(60)).await.is_problem(413, "too-large");
    let most = peak_memory(service.id());
    assert!(most < usual + (96 << 20), "{most} bytes instead of {usual}");
}

/// The most memory that a process has had, in bytes (`VmHWM`, see proc(5)).
#[cfg(target_os = "linux")]
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn a_window_beyond_the_largest_config_is_refused() {
    let gate = Gate::start().await;
    put(&gate, "zstd", zstd_bomb(1024, 25)).await.is_problem(422, "invalid-config");
    for window_log in [26, 31, 41] {
        let refused = put(&gate, "zstd", zstd_bomb(1024, window_log)).await;
        let refused = refused.is_problem(400, "malformed-request");
        let detail = refused.at("/detail");
        assert!(detail.as_str().unwrap().contains("window of more than 32 MiB"), "{detail}");
    }
}

/// A zstd frame by hand (RFC 8878, sections 3.1.1.1 and 3.1.1.2): spaces in run-length blocks of 128 KiB, and a window
/// of `1 << window_log` bytes.
fn zstd_bomb(bytes: u32, window_log: u8) -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (window_log - 10) << 3];
    let mut left = bytes;
    while left > 0 {
        let size = left.min(BLOCK);
        left -= size;
        let header = size << 3 | 1 << 1 | u32::from(left == 0);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

#[tokio::test]
async fn what_is_too_large_uncompressed_is_told_the_ways_around() {
    let gate = Gate::start().await;
    let path = format!("{ENV}/working");
    // With its quotes escaped it is larger than Lambda takes: API Gateway's own answer.
    let refused = gate.call("PUT", &path, &[JSON], Tool::of(6_000_000).text()).await.is(413);
    assert_eq!(refused.json(), json!({"message": "Request Entity Too Large"}));
    // These reach the function, and are more than is documented.
    let spaces = |bytes: usize| [b"[".as_slice(), &vec![b' '; bytes - 2], b"]"].concat();
    for text in [Tool::of(5_000_000).text().into_bytes(), spaces(4_400_001)] {
        let refused = gate.call("PUT", &path, &[JSON], text).await.is_problem(413, "too-large");
        assert!(refused.at("/detail").as_str().unwrap().contains("/uploads"), "{refused:?}");
    }
    gate.call("PUT", &path, &[JSON], spaces(4_400_000)).await.is(201);
}

/// An announced upload.
struct Announced {
    id: String,
    url: String,
    headers: Vec<(String, String)>,
}

impl Announced {
    async fn of(gate: &Gate, text: &[u8]) -> Self {
        let announced = json!({"bytes": text.len(), "sha256": Sha256::of(text).to_string()});
        let answer = gate.post(&format!("{ENV}/uploads"), announced).await.is(201).json();
        let headers = answer["headers"].as_object().unwrap();
        Self {
            id: answer["id"].as_str().unwrap().to_owned(),
            url: answer["url"].as_str().unwrap().to_owned(),
            headers: headers.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect(),
        }
    }

    /// Sends `body` to S3 with the headers that were given, but for those of `changed`.
    async fn send(&self, body: &[u8], changed: &[(&str, &str)]) -> Answer {
        let given = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut headers: Vec<_> = given
            .filter(|(name, _)| !changed.iter().any(|(other, _)| name.eq_ignore_ascii_case(other)))
            .collect();
        headers.extend_from_slice(changed);
        Http::new().send("PUT", &self.url, &headers, body.to_vec()).await.unwrap()
    }

    async fn save(&self, gate: &Gate, env: &str) -> Answer {
        let path = format!("/v1/apps/crm/envs/{env}/working?upload={}", self.id);
        gate.call("PUT", &path, &[("if-match", "*")], "").await
    }
}

#[tokio::test]
async fn an_upload_of_25_mb_is_saved_once() {
    let gate = Gate::start().await;
    put(&gate, "identity", b"{}".to_vec()).await.is(201);
    let text = Tool::of(25_000_000).text();
    let upload = Announced::of(&gate, text.as_bytes()).await;
    upload.send(text.as_bytes(), &[]).await.is(200);

    let saved = upload.save(&gate, "production").await.is(200);
    assert_eq!((saved.at("/version"), saved.at("/unchanged")), (json!(2), json!(false)));
    assert_eq!(saved.at("/bytes"), text.len());
    let again = upload.save(&gate, "production").await.is(200);
    assert_eq!((again.at("/version"), again.at("/unchanged")), (json!(2), json!(true)));
    let read = gate.get(&format!("{ENV}/working"), &[]).await.is(303);
    assert!(downloaded(&read, "crm-production-v2.json").await == text.as_bytes(), "other bytes");
}

#[tokio::test]
async fn an_upload_belongs_to_its_environment_and_its_day() {
    let gate = Gate::start().await;
    put(&gate, "identity", b"{}".to_vec()).await.is(201);
    let upload = Announced::of(&gate, b"[1]").await;
    upload.save(&gate, "production").await.is_problem(422, "upload-mismatch");
    upload.send(b"[1]", &[]).await.is(200);
    upload.save(&gate, "staging").await.is_problem(404, "upload-not-found");
    gate.clock.advance(SignedDuration::from_hours(22));
    upload.save(&gate, "production").await.is(200);
    gate.clock.advance(SignedDuration::from_hours(1));
    upload.save(&gate, "production").await.is_problem(404, "upload-not-found");
}

#[tokio::test]
async fn an_upload_is_what_was_announced_or_nothing() {
    let gate = Gate::start().await;
    put(&gate, "identity", b"{}".to_vec()).await.is(201);
    let upload = Announced::of(&gate, b"[1]").await;
    let checksum = |text: &[u8]| STANDARD.encode(Sha256::of(text).as_bytes());

    // S3 compares with the signed checksum; another checksum, or another length, was not signed.
    upload.send(b"[2]", &[]).await.is(400);
    upload.send(b"[2]", &[("x-amz-checksum-sha256", &checksum(b"[2]"))]).await.is(403);
    upload.send(b"[ 1]", &[("content-length", "4")]).await.is(403);
    // Should S3 have kept something else nevertheless, as the embedded one does, it is not saved.
    upload.save(&gate, "production").await.is_problem(422, "upload-mismatch");
    assert_eq!(gate.get(ENV, &[]).await.is(200).at("/working/version"), 1);

    upload.send(b"[1]", &[]).await.is(200);
    upload.save(&gate, "production").await.is(200);
}

#[tokio::test]
async fn an_upload_of_more_than_a_config_is_not_announced() {
    let gate = Gate::start().await;
    let (path, sha256) = (format!("{ENV}/uploads"), Sha256::of(b"").to_string());
    let announced = json!({"bytes": MAX_BYTES + 1, "sha256": sha256});
    gate.post(&path, announced).await.is_problem(413, "too-large");
    for (bytes, sha256) in [(0, sha256.as_str()), (-1, &sha256), (2, "abc")] {
        let announced = json!({"bytes": bytes, "sha256": sha256});
        gate.post(&path, announced).await.is_problem(400, "malformed-request");
    }
}
