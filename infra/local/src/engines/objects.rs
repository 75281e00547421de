//! The objects of the embedded S3: the files of `s3s-fs`, written so that an acknowledged object survives a power cut.
//!
//! `s3s-fs` syncs nothing, and keeps an object whose checksum turns out to be wrong. So an object is written aside first:
//!
//! 1. `s3s-fs` writes and checks it under a name in the folder [`STAGED`].
//! 2. Its files are synced.
//! 3. They are moved to their places, the object itself last.
//! 4. The folders are synced, and then the answer goes out.
//!
//! So an object that has its name is whole, and one that was acknowledged has its name for good.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::{fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CreateBucketInput, CreateBucketOutput, DeleteObjectInput,
    DeleteObjectOutput, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use waymark::clock::{Ids as _, RandomIds};

use super::dynamodb::STORAGE_FULL;
use super::sync::Disk;

/// The folder of objects that have no name yet: for `s3s-fs` a bucket, and for callers none, since it is no bucket's name.
const STAGED: &str = ".staged";

/// What `s3s-fs` keeps about an object, in a file each beside the buckets.
const ABOUT: [&str; 2] = ["metadata", "internal"];

/// Most folders that are known to be on the disk. More are forgotten together.
const MOST_KNOWN: usize = 10_000;

/// The embedded S3: the operations that this service uses.
#[derive(Clone)]
pub(super) struct Objects(Arc<Inner>);

struct Inner {
    files: FileSystem,
    root: PathBuf,
    disk: Disk,
    /// Folders whose names are on the disk.
    known: Mutex<HashSet<PathBuf>>,
    /// Held while an object gets its name: one at a time looks whether there is one, and moves its files.
    naming: Mutex<()>,
}

/// The files of one object.
struct Place {
    object: PathBuf,
    about: [PathBuf; 2],
}

impl Objects {
    /// The objects in the folder `root`, which is made when missing.
    ///
    /// # Errors
    ///
    /// Those of the operating system, and what `s3s-fs` says.
    pub(super) fn open(root: &Path, disk: Disk) -> Result<Self, String> {
        let failed = |error: io::Error| error.to_string();
        fs::create_dir_all(root).map_err(failed)?;
        let root = root.canonicalize().map_err(failed)?;
        forget_staged(&root).map_err(failed)?;
        let files = FileSystem::new(&root).map_err(|error| format!("{error:?}"))?;
        root.parent().map_or(Ok(()), |above| disk.sync(above)).map_err(failed)?;
        let (known, naming) = (Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { files, root, disk, known, naming })))
    }
}

impl Inner {
    /// Where an object lies.
    fn place(&self, bucket: &str, key: &str) -> S3Result<Place> {
        let plain = |text: &str| {
            Path::new(text).components().all(|part| matches!(part, Component::Normal(_)))
                && !text.ends_with('/')
        };
        if !plain(key) || !plain(bucket) || bucket.contains('/') || bucket == STAGED {
            return Err(s3_error!(InvalidArgument, "not a key that can be stored here"));
        }
        if !self.root.join(bucket).is_dir() {
            return Err(s3_error!(NoSuchBucket));
        }
        Ok(self.files_of(bucket, key))
    }

    /// The files that `s3s-fs` has for an object: a test holds that it has these.
    fn files_of(&self, bucket: &str, key: &str) -> Place {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let about = ABOUT.map(|of| {
            self.root.join(format!(".bucket-{}.object-{}.{of}.json", encoded(bucket), encoded(key)))
        });
        Place { object: self.root.join(bucket).join(key), about }
    }

    /// Gives a staged object its name, and returns when all of it is on the disk. False when an object has the name
    /// already, and `anew` asks for one that nothing has.
    fn name(&self, staged: &Place, place: &Place, anew: bool) -> io::Result<bool> {
        let staged_files: Vec<_> =
            staged.about.iter().zip(&place.about).filter(|(from, _)| from.exists()).collect();
        for (from, _) in &staged_files {
            self.disk.sync(from)?;
        }
        self.disk.sync(&staged.object)?;
        let folder = place.object.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let named = {
            let _one = self.naming.lock().map_err(|_| io::Error::other("an object lost its way"))?;
            let free = !anew || !place.object.exists();
            if free {
                for (from, to) in staged_files {
                    fs::rename(from, to)?;
                }
                fs::rename(&staged.object, &place.object)?;
            }
            free
        };
        self.sync_folders(folder)?;
        Ok(named)
    }

    /// Returns when the names in `folder`, and its own name, are on the disk.
    fn sync_folders(&self, folder: &Path) -> io::Result<()> {
        self.disk.sync(folder)?;
        // The names of what `s3s-fs` keeps about objects.
        self.disk.sync(&self.root)?;
        let lost = |_| io::Error::other("what is known was lost");
        for folder in folder.ancestors().take_while(|folder| *folder != self.root) {
            if self.known.lock().map_err(lost)?.contains(folder) {
                break;
            }
            if let Some(above) = folder.parent() {
                self.disk.sync(above)?;
            }
        }
        let mut known = self.known.lock().map_err(lost)?;
        if known.len() > MOST_KNOWN {
            known.clear();
        }
        known.extend(folder.ancestors().take_while(|folder| *folder != self.root).map(Path::to_owned));
        Ok(())
    }
}

/// Takes the files of a staged object away, unless they have been moved.
struct Staged(Place);

impl Drop for Staged {
    fn drop(&mut self) {
        let Place { object, about } = &self.0;
        for file in about.iter().chain([object]) {
            // It has been moved, or will be taken away by the next start.
            let _ = fs::remove_file(file);
        }
    }
}

/// Takes away what a process left behind that ended while it wrote.
fn forget_staged(root: &Path) -> io::Result<()> {
    let of_staged = format!(".bucket-{}.", URL_SAFE_NO_PAD.encode(STAGED));
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&of_staged)) {
            fs::remove_file(entry.path())?;
        }
    }
    match fs::remove_dir_all(root.join(STAGED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir(root.join(STAGED)),
    }
}

/// Carries out `work` on a thread that may wait for the disk.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> S3Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other);
    done.flatten().map_err(|error| told(S3Error::internal_error(error)))
}

/// The error that says so where the disk is full.
fn told(error: S3Error) -> S3Error {
    let first = error.source().map(|cause| -> &(dyn std::error::Error + 'static) { cause });
    let mut causes = std::iter::successors(first, |cause| std::error::Error::source(*cause));
    let full = causes.any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    });
    if !full {
        return error;
    }
    tracing::error!("the disk of the objects is full");
    let mut error = S3Error::with_message(S3ErrorCode::Custom(STORAGE_FULL.into()), "the disk is full");
    error.set_status_code(StatusCode::INSUFFICIENT_STORAGE);
    error
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let inner = Arc::clone(&self.0);
        let place = inner.place(&req.input.bucket, &req.input.key)?;
        let anew = match req.input.if_none_match.take() {
            None => false,
            Some(condition) if condition.is_any() => true,
            Some(_) => return Err(s3_error!(NotImplemented)),
        };
        if req.input.if_match.is_some() {
            return Err(s3_error!(NotImplemented));
        }
        if anew && place.object.exists() {
            // Another request may have named it, and may not have synced the name yet.
            let folder = place.object.parent().unwrap_or(&inner.root).to_owned();
            on_disk(move || inner.sync_folders(&folder)).await?;
            return Err(s3_error!(PreconditionFailed, "Object already exists"));
        }
        STAGED.clone_into(&mut req.input.bucket);
        req.input.key = RandomIds.fresh().simple().to_string();
        let staged = Staged(inner.files_of(&req.input.bucket, &req.input.key));
        let answer = inner.files.put_object(req).await.map_err(told)?;
        match on_disk(move || inner.name(&staged.0, &place, anew)).await? {
            true => Ok(answer),
            false => Err(s3_error!(PreconditionFailed, "Object already exists")),
        }
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let inner = Arc::clone(&self.0);
        let place = inner.place(&req.input.bucket, &req.input.key)?;
        let answer = inner.files.copy_object(req).await.map_err(told)?;
        on_disk(move || {
            for file in place.about.iter().filter(|file| file.exists()).chain([&place.object]) {
                inner.disk.sync(file)?;
            }
            inner.sync_folders(place.object.parent().unwrap_or(&inner.root))
        })
        .await?;
        Ok(answer)
    }

    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let inner = Arc::clone(&self.0);
        let answer = inner.files.create_bucket(req).await.map_err(told)?;
        on_disk(move || inner.disk.sync(&inner.root)).await?;
        Ok(answer)
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.0.place(&req.input.bucket, &req.input.key)?;
        self.0.files.delete_object(req).await
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.0.place(&req.input.bucket, &req.input.key)?;
        self.0.files.get_object(req).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.0.place(&req.input.bucket, &req.input.key)?;
        self.0.files.head_object(req).await
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.0.files.head_bucket(req).await
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.0.files.list_objects_v2(req).await
    }
}

#[cfg(test)]
mod tests;
