use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;
use waymark::Waymark;
use waymark::aws::{Clients, local_clients};
use waymark::clock::Sources;

use super::*;
use crate::engines::{DATABASE, Engine, OBJECTS};
use crate::gateway::Gateway;
use crate::provision::{local_resources, provision};
use crate::secrets::Credentials;
use crate::service::{functions, machine_token};
use crate::token::TokenKey;

/// What a disk has after a power cut, and nothing more: files and folders as they were when they were synced last.
#[derive(Clone, Default)]
struct Survives {
    files: HashMap<u64, Vec<u8>>,
    folders: HashMap<u64, Vec<(OsString, u64, bool)>>,
    order: Vec<PathBuf>,
}

impl Survives {
    fn see(&mut self, path: &Path) {
        let metadata = fs::metadata(path).unwrap();
        if metadata.is_dir() {
            let names = fs::read_dir(path).unwrap().filter_map(|entry| {
                let entry = entry.unwrap();
                let metadata = entry.metadata().ok()?;
                Some((entry.file_name(), metadata.ino(), metadata.is_dir()))
            });
            self.folders.insert(metadata.ino(), names.collect());
        } else {
            self.files.insert(metadata.ino(), fs::read(path).unwrap());
        }
        self.order.push(path.to_owned());
    }

    /// Makes the folder `inode` again, as `to`.
    fn restore(&self, inode: u64, to: &Path) {
        fs::create_dir(to).unwrap();
        for (name, inode, is_folder) in self.folders.get(&inode).into_iter().flatten() {
            let to = to.join(name);
            if *is_folder {
                self.restore(*inode, &to);
            } else {
                fs::write(to, self.files.get(inode).map_or(&[][..], Vec::as_slice)).unwrap();
            }
        }
    }
}

/// The service over a disk that knows what would survive.
struct Machine {
    folder: TempDir,
    survives: Arc<Mutex<Survives>>,
    clients: Clients,
    router: Router,
    token: String,
    _engines: [Engine; 2],
}

impl Machine {
    async fn start(folder: TempDir) -> Self {
        let survives = Arc::new(Mutex::new(Survives::default()));
        let seen = Arc::clone(&survives);
        let disk = Disk { seen: Some(Arc::new(move |path: &Path| seen.lock().unwrap().see(path))) };
        let credentials = Credentials { access_key: "a".to_owned(), secret_key: "b".to_owned() };
        let dynamodb = Engine::dynamodb(Some(folder.path()), &credentials).await.unwrap();
        let s3 = Engine::s3_on(folder.path(), &credentials, disk).await.unwrap();
        let clients = local_clients(dynamodb.endpoint(), s3.endpoint(), "a", "b");
        provision(&clients, &local_resources()).await.unwrap();
        let sources = Sources::system();
        let key = TokenKey::from_secret(&[7; 32]);
        let token = key.issue(&machine_token(), sources.clock.now()).unwrap();
        let waymark = Waymark::new(clients.clone(), local_resources(), sources.clone(), Default::default());
        let router = Gateway::new(functions(&waymark), key, sources).unwrap().into_router();
        Self { folder, survives, clients, router, token, _engines: [dynamodb, s3] }
    }

    /// The same machine after a power cut at this moment. The database is what it is: SQLite syncs it.
    async fn after_a_power_cut(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wal = format!("{DATABASE}-wal");
        for file in [DATABASE, &wal] {
            fs::copy(self.folder.path().join(file), folder.path().join(file)).unwrap();
        }
        let survives = self.survives.lock().unwrap().clone();
        let inode = |path: &Path| fs::metadata(path).unwrap().ino();
        let data = &survives.folders[&inode(self.folder.path())];
        let objects = data.iter().find(|(name, ..)| name == OBJECTS).unwrap();
        survives.restore(objects.1, &folder.path().join(OBJECTS));
        Self::start(folder).await
    }

    async fn ask(&self, method: Method, path: &str, body: String) -> (StatusCode, Vec<u8>) {
        let request = Request::builder().method(method).uri(format!("/v1/apps/crm/envs/production/{path}"));
        let request = request.header("authorization", &self.token);
        let is_first = self.survives.lock().unwrap().files.is_empty();
        let request = if is_first { request } else { request.header("if-match", "*") };
        let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        (answer.status(), to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec())
    }
}

/// A config that compresses badly, so that each takes an object of its own.
fn config(seed: u8) -> String {
    let text = (0..200u8).map(|n| waymark::hash::Sha256::of(&[seed, n]).to_string());
    serde_json::to_string(&text.collect::<Vec<_>>()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_version_survives_a_power_cut() {
    let machine = Machine::start(tempfile::tempdir().unwrap()).await;
    for version in 1..=4u8 {
        let (status, answer) = machine.ask(Method::PUT, "working", config(version)).await;
        assert!(status.is_success(), "{}", String::from_utf8_lossy(&answer));
        let after = machine.after_a_power_cut().await;
        for earlier in 1..=version {
            let (status, text) =
                after.ask(Method::GET, &format!("versions/{earlier}/config"), String::new()).await;
            assert!(status.is_success() && text == config(earlier).as_bytes(), "#{earlier} after #{version}");
        }
    }
    let (status, _) = machine.ask(Method::POST, "backups", "{}".to_owned()).await;
    assert!(status.is_success());
    let after = machine.after_a_power_cut().await;
    let (_, backups) = after.ask(Method::GET, "backups", String::new()).await;
    let backups: Value = serde_json::from_slice(&backups).unwrap();
    let verify = format!("backups/{}/verify", backups["items"][0]["id"].as_str().unwrap());
    let (status, verified) = after.ask(Method::POST, &verify, String::new()).await;
    assert!(status.is_success(), "{}", String::from_utf8_lossy(&verified));
    let (_, verified) = after.ask(Method::GET, "verify", String::new()).await;
    assert_eq!(serde_json::from_slice::<Value>(&verified).unwrap()["ok"], true);
}

/// Puts an object, with what the answer says where it is no success.
async fn put(clients: &Clients, key: &str, body: &'static [u8], anew: bool) -> Result<(), (u16, String)> {
    let put = clients.s3.put_object().bucket("waymark-configs").key(key).body(body.to_vec().into());
    let put = if anew { put.if_none_match("*") } else { put };
    match put.send().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let status = error.raw_response().unwrap().status().as_u16();
            Err((status, error.code().unwrap_or_default().to_owned()))
        }
    }
}

async fn get(clients: &Clients, key: &str) -> Option<Vec<u8>> {
    let got = clients.s3.get_object().bucket("waymark-configs").key(key).send().await.ok()?;
    Some(got.body.collect().await.unwrap().to_vec())
}

#[tokio::test]
async fn an_object_gets_its_name_when_it_is_whole_and_the_name_is_synced_last() {
    let machine = Machine::start(tempfile::tempdir().unwrap()).await;
    machine.survives.lock().unwrap().order.clear();
    put(&machine.clients, "configs/crm/1.zst", b"one", true).await.unwrap();
    let root = machine.folder.path().canonicalize().unwrap().join(OBJECTS);
    let order = machine.survives.lock().unwrap().order.clone();
    let staged = order.iter().position(|path| path.starts_with(root.join(STAGED))).unwrap();
    let named = ["waymark-configs/configs/crm", "waymark-configs/configs", "waymark-configs", ""]
        .map(|folder| order.iter().position(|path| *path == root.join(folder)).unwrap());
    assert!(named.iter().all(|at| *at > staged), "{order:?}");
    // The two files that s3s-fs keeps about it.
    assert_eq!(order[..staged].len(), 2, "{order:?}");
    assert!(order[..staged].iter().all(|path| path.extension().is_some_and(|name| name == "json")));
}

#[tokio::test]
async fn a_name_that_is_taken_is_on_the_disk_before_the_answer_says_so() {
    let machine = Machine::start(tempfile::tempdir().unwrap()).await;
    put(&machine.clients, "configs/crm/1.zst", b"one", true).await.unwrap();
    machine.survives.lock().unwrap().order.clear();
    let refused = put(&machine.clients, "configs/crm/1.zst", b"two", true).await.unwrap_err();
    assert_eq!(refused.0, 412);
    let folder =
        machine.folder.path().canonicalize().unwrap().join(OBJECTS).join("waymark-configs/configs/crm");
    assert!(machine.survives.lock().unwrap().order.contains(&folder));
    assert_eq!(get(&machine.clients, "configs/crm/1.zst").await.unwrap(), b"one");
    // Over an object without a condition.
    put(&machine.clients, "configs/crm/1.zst", b"three", false).await.unwrap();
    assert_eq!(get(&machine.clients, "configs/crm/1.zst").await.unwrap(), b"three");
}

#[tokio::test]
async fn one_of_many_at_once_gets_the_name() {
    let machine = Machine::start(tempfile::tempdir().unwrap()).await;
    let puts = (0..8).map(|_| put(&machine.clients, "configs/crm/1.zst", b"one", true));
    let ended = futures_util::future::join_all(puts).await;
    assert_eq!(ended.iter().filter(|end| end.is_ok()).count(), 1, "{ended:?}");
    assert_eq!(ended.iter().filter(|end| end.as_ref().is_err_and(|(status, _)| *status == 412)).count(), 7);
}

#[tokio::test]
async fn what_fails_its_checksum_leaves_nothing_and_replaces_nothing() {
    let machine = Machine::start(tempfile::tempdir().unwrap()).await;
    put(&machine.clients, "uploads/1", b"one", false).await.unwrap();
    for key in ["uploads/1", "uploads/2"] {
        let put = machine.clients.s3.put_object().bucket("waymark-configs").key(key);
        let put = put
            .checksum_sha256(STANDARD.encode(waymark::hash::Sha256::of(b"other").as_bytes()))
            .body(b"two".to_vec().into());
        let refused = put.send().await.unwrap_err();
        assert_eq!(refused.raw_response().unwrap().status().as_u16(), 400);
    }
    assert_eq!(get(&machine.clients, "uploads/1").await.unwrap(), b"one");
    assert_eq!(get(&machine.clients, "uploads/2").await, None);
    let staged = machine.folder.path().join(OBJECTS).join(STAGED);
    assert_eq!(fs::read_dir(staged).unwrap().count(), 0);
}

#[tokio::test]
async fn what_an_end_left_behind_is_gone_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join(OBJECTS);
    fs::create_dir_all(root.join(STAGED)).unwrap();
    let about = format!(".bucket-{}.object-eA.internal.json", URL_SAFE_NO_PAD.encode(STAGED));
    let left = [root.join(STAGED).join("x"), root.join(about)];
    left.iter().for_each(|file| fs::write(file, "half").unwrap());
    let machine = Machine::start(folder).await;
    assert!(left.iter().all(|file| !file.exists()));
    put(&machine.clients, "configs/crm/1.zst", b"one", true).await.unwrap();
}

#[tokio::test]
async fn no_key_leads_out_of_its_bucket() {
    let machine = Machine::start(tempfile::tempdir().unwrap()).await;
    for key in ["../waymark-backups/x", "a/../../x", "folder/"] {
        assert!(put(&machine.clients, key, b"one", false).await.is_err(), "{key}");
    }
    let list = machine.clients.s3.list_objects_v2().bucket(STAGED).send().await;
    assert!(list.is_err());
}

#[test]
fn a_full_disk_says_so() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
        let error = told(S3Error::internal_error(io::Error::from(kind)));
        assert_eq!(error.status_code(), Some(StatusCode::INSUFFICIENT_STORAGE));
        assert_eq!(error.code().as_str(), STORAGE_FULL);
    }
    let other = told(S3Error::internal_error(io::Error::from(io::ErrorKind::PermissionDenied)));
    assert_eq!(other.status_code(), Some(StatusCode::INTERNAL_SERVER_ERROR));
}
