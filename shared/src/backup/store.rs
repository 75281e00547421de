//! The backups bucket: objects written once and read back. Their metadata say what they are, so that the list of
//! backups could be made anew from the bucket.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::class::BackupId;
use crate::error::{Cause, Error};
use crate::hash::Sha256;
use crate::id::EnvId;
use crate::key;
use crate::transfer::{PRESIGNED_FOR, Presigned};

/// The metadata of an object under which its environment is written.
const ENVIRONMENT: &str = "waymark-environment";

/// The metadata of an object under which its backup's id is written.
const ID: &str = "waymark-backup";

/// The backups bucket.
#[derive(Clone, Debug)]
pub struct Backups {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// An object of the bucket, as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
}

/// What a put found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object was written.
    Written,
    /// An object of this name was there already, and stays.
    AlreadyThere,
}

impl Backups {
    /// The backups in `bucket`.
    pub fn new(s3: aws_sdk_s3::Client, bucket: String) -> Self {
        Self { s3, bucket }
    }

    /// Writes a file under its deterministic name, unless one is there. One PUT.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn put(&self, env: &EnvId, id: &BackupId, file: Vec<u8>) -> Result<(String, Put), Error> {
        let key = key::backup_object(env, id);
        let checksum = STANDARD.encode(Sha256::of(&file).as_bytes());
        let sent = self
            .s3
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .if_none_match("*")
            .content_type("application/gzip")
            .checksum_sha256(checksum)
            .metadata(ENVIRONMENT, env.to_string())
            .metadata(ID, id.to_string())
            .body(ByteStream::from(file))
            .send()
            .await;
        match sent {
            Ok(_) => Ok((key, Put::Written)),
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 412) => {
                Ok((key, Put::AlreadyThere))
            }
            Err(error) => Err(Error::storage("write a backup")(Cause::from(error))),
        }
    }

    /// The bytes of an object; `None` when it is not there. One GET.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let failed = Error::storage("read a backup");
        match self.s3.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(output) => output
                .body
                .collect()
                .await
                .map(|body| Some(body.into_bytes()))
                .map_err(|e| failed(Cause::from(e))),
            Err(SdkError::ServiceError(context)) if matches!(context.err(), GetObjectError::NoSuchKey(_)) => {
                Ok(None)
            }
            Err(error) => Err(failed(Cause::from(error))),
        }
    }

    /// A page of the bucket's objects, and the token for the next page. One LIST of up to 1,000.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn list(&self, from: Option<String>) -> Result<(Vec<Stored>, Option<String>), Error> {
        let output = self
            .s3
            .list_objects_v2()
            .bucket(&self.bucket)
            .set_continuation_token(from)
            .send()
            .await
            .map_err(|e| Error::storage("list the backups bucket")(Cause::from(e)))?;
        let objects = output.contents.unwrap_or_default().into_iter().filter_map(|object| {
            Some(Stored {
                key: object.key?,
                size: object.size.and_then(|size| size.try_into().ok()).unwrap_or_default(),
            })
        });
        Ok((objects.collect(), output.next_continuation_token))
    }

    /// A presigned GET of an object, saved by browsers as `file_name`. No call.
    ///
    /// # Errors
    /// [`Error::Storage`] when it cannot be signed.
    pub async fn presign(&self, key: &str, file_name: &str) -> Result<Presigned, Error> {
        let failed = || Error::storage("sign the download of a backup");
        let signing = PresigningConfig::expires_in(PRESIGNED_FOR).map_err(|e| failed()(Cause::from(e)))?;
        self.s3
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition(format!("attachment; filename=\"{file_name}\""))
            .presigned(signing)
            .await
            .map(Presigned::from)
            .map_err(|e| failed()(Cause::from(e)))
    }
}
