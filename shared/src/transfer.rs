//! The transfer bucket: what is too large for a request or an answer goes around API Gateway.

use std::time::Duration;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::clock::Sources;
use crate::error::{Cause, Error};
use crate::hash::Sha256;
use crate::heavy;
use crate::history::Upload;
use crate::id::EnvId;
use crate::key;

/// How long a presigned request may be used: 5 minutes.
pub const PRESIGNED_FOR: Duration = Duration::from_secs(300);

/// The transfer bucket.
#[derive(Clone, Debug)]
pub struct Transfer {
    s3: aws_sdk_s3::Client,
    bucket: String,
    sources: Sources,
}

/// A request that its holder may send to S3 without credentials. Without `Debug`: the URL is the right.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// Where to.
    pub url: String,
    /// Headers to send with it, exactly as they are.
    pub headers: Vec<(String, String)>,
}

impl From<PresignedRequest> for Presigned {
    fn from(request: PresignedRequest) -> Self {
        let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { url: request.uri().to_owned(), headers }
    }
}

impl Transfer {
    /// The transfer bucket named `bucket`.
    pub fn new(s3: aws_sdk_s3::Client, bucket: String, sources: Sources) -> Self {
        Self { s3, bucket, sources }
    }

    /// A presigned PUT for an announced upload: its length and its checksum are signed, so that S3 refuses
    /// anything else. No call.
    ///
    /// # Errors
    /// [`Error::Storage`] when it cannot be signed.
    pub async fn presign_upload(&self, upload: &Upload) -> Result<Presigned, Error> {
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(key::upload_object(&upload.id))
            .content_length(i64::try_from(upload.bytes).unwrap_or(i64::MAX))
            .checksum_sha256(STANDARD.encode(upload.sha256.as_bytes()))
            .presigned(self.signing()?)
            .await
            .map(Presigned::from)
            .map_err(|e| Error::storage("sign an upload")(Cause::from(e)))
    }

    /// The bytes of an upload, once their length and hash agree with what was announced. One GET.
    ///
    /// # Errors
    /// [`Error::UploadMismatch`] when nothing was sent, or something else; [`Error::Storage`].
    pub async fn uploaded(&self, upload: &Upload) -> Result<Bytes, Error> {
        let failed = || Error::storage("read an upload");
        let sent = self.s3.get_object().bucket(&self.bucket).key(key::upload_object(&upload.id)).send().await;
        let output = match sent {
            Ok(output) => output,
            Err(SdkError::ServiceError(context)) if matches!(context.err(), GetObjectError::NoSuchKey(_)) => {
                return Err(Error::UploadMismatch("Nothing was sent to the upload's URL.".to_owned()));
            }
            Err(error) => return Err(failed()(Cause::from(error))),
        };
        if output.content_length().and_then(|length| u64::try_from(length).ok()) != Some(upload.bytes) {
            return Err(Error::UploadMismatch("Its length differs.".to_owned()));
        }
        let bytes = output.body.collect().await.map_err(|e| failed()(Cause::from(e)))?.into_bytes();
        if heavy::copy(bytes.len(), || Sha256::of(&bytes)).await? != upload.sha256 {
            return Err(Error::UploadMismatch("Its SHA-256 differs.".to_owned()));
        }
        Ok(bytes)
    }

    /// The name under which a config is offered today. It names the environment and the config, so that a second
    /// answer of the same config needs no second object; and the day, so that the object outlives every URL: the
    /// bucket keeps objects for a day after the one on which they were made.
    pub fn download_id(&self, env: &EnvId, sha256: &Sha256) -> String {
        let day = self.sources.clock.now().strftime("%Y%m%d").to_string();
        format!("{day}-{}", Sha256::of(format!("{env}\n{sha256}").as_bytes()))
    }

    /// Whether a download is there already. One HEAD.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn is_offered(&self, id: &str) -> Result<bool, Error> {
        match self.s3.head_object().bucket(&self.bucket).key(key::download_object(id)).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 404) => {
                Ok(false)
            }
            Err(error) => Err(Error::storage("look for a download")(Cause::from(error))),
        }
    }

    /// Puts gzip-compressed JSON under `downloads/`. One PUT.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn offer(&self, id: &str, gzip: Bytes) -> Result<(), Error> {
        self.s3
            .put_object()
            .bucket(&self.bucket)
            .key(key::download_object(id))
            .content_type("application/json")
            .content_encoding("gzip")
            .body(ByteStream::from(gzip))
            .send()
            .await
            .map(|_| ())
            .map_err(|e| Error::storage("write a download")(Cause::from(e)))
    }

    /// A presigned GET of a download, saved by browsers as `file_name`. No call.
    ///
    /// # Errors
    /// [`Error::Storage`] when it cannot be signed.
    pub async fn presign_download(&self, id: &str, file_name: &str) -> Result<Presigned, Error> {
        self.s3
            .get_object()
            .bucket(&self.bucket)
            .key(key::download_object(id))
            .response_content_disposition(format!("attachment; filename=\"{file_name}\""))
            .presigned(self.signing()?)
            .await
            .map(Presigned::from)
            .map_err(|e| Error::storage("sign a download")(Cause::from(e)))
    }

    fn signing(&self) -> Result<PresigningConfig, Error> {
        // S3 compares with its own clock, so the start is the machine's time and not the given clock's.
        PresigningConfig::expires_in(PRESIGNED_FOR)
            .map_err(|e| Error::storage("sign a request")(Cause::from(e)))
    }
}
