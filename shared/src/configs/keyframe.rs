//! Keyframes in S3: read, put once, mended where they are damaged.

use std::time::Duration;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use zstd::zstd_safe::get_frame_content_size;

use super::{Configs, Keyframe};
use crate::config::{Config, MAX_BYTES};
use crate::delta;
use crate::error::{Cause, Error, chain};
use crate::hash::Sha256;
use crate::heavy;
use crate::id::{AppName, Version};
use crate::key;

/// How often a conditional PUT that meets another of the same object is tried again.
const CONFLICT_ATTEMPTS: u32 = 5;

impl Configs {
    /// A keyframe's text, if it is in memory.
    pub(super) fn in_memory(&self, app: &AppName, sha256: Sha256) -> Option<Config> {
        self.keyframes.get(&key::keyframe(app, &sha256)).map(|keyframe| keyframe.text)
    }

    /// A keyframe's text: from memory, or one GET.
    pub(super) async fn keyframe(
        &self,
        app: &AppName,
        version: Version,
        sha256: Sha256,
    ) -> Result<Config, Error> {
        let object = key::keyframe(app, &sha256);
        if let Some(keyframe) = self.keyframes.get(&object) {
            return Ok(keyframe.text);
        }
        let damaged = |fault: String| Error::Damaged { version, object: object.clone(), fault };
        let Some(compressed) = self.get(&object).await? else {
            return Err(damaged("is missing".to_owned()));
        };
        let config = heavy::copy(text_len(&compressed), || {
            let text = delta::decompress(&compressed, MAX_BYTES).map_err(|e| damaged(e.to_string()))?;
            Config::restored(text, sha256).map_err(|e| damaged(e.to_string()))
        });
        let config = config.await??;
        self.keep(object, &config, compressed.len());
        Ok(config)
    }

    /// Makes sure that the bucket has the keyframe of what users are about to get: reads it, or asks for it where its
    /// text is in memory. One GET or one HEAD. A keyframe that is gone while its text is in memory is written anew.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is missing, or not what was saved; [`Error::Storage`].
    pub async fn prove(&self, app: &AppName, version: Version, sha256: Sha256) -> Result<(), Error> {
        let object = key::keyframe(app, &sha256);
        let Some(Keyframe { text, stored }) = self.keyframes.get(&object) else {
            return self.keyframe(app, version, sha256).await.map(drop);
        };
        if self.stored(&object).await? == Some(stored) {
            return Ok(());
        }
        self.overwrite(&object, &text, compressed(&text).await?).await
    }

    /// [`Configs::prove`] for what must not wait: a bucket that fails or does not answer in time is logged, and is no
    /// error.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the keyframe is missing, or not what was saved.
    pub async fn prove_within(
        &self,
        limit: Duration,
        app: &AppName,
        version: Version,
        sha256: Sha256,
    ) -> Result<(), Error> {
        match tokio::time::timeout(limit, self.prove(app, version, sha256)).await {
            Ok(Err(error @ Error::Damaged { .. })) => return Err(error),
            Ok(Err(error)) => tracing::warn!(error = chain(&error), "a keyframe could not be looked at"),
            Err(_) => tracing::warn!("a keyframe could not be looked at in time"),
            Ok(Ok(())) => {}
        }
        Ok(())
    }

    /// The length of an object in bytes; `None` where there is none. One HEAD.
    async fn stored(&self, object: &str) -> Result<Option<u64>, Error> {
        match self.s3.head_object().bucket(&self.bucket).key(object).send().await {
            Ok(head) => Ok(head.content_length().and_then(|length| u64::try_from(length).ok())),
            Err(SdkError::ServiceError(context)) if matches!(context.err(), HeadObjectError::NotFound(_)) => {
                Ok(None)
            }
            Err(error) => Err(Error::storage("look at a keyframe")(Cause::from(error))),
        }
    }

    /// Keeps a keyframe's text in memory.
    fn keep(&self, object: String, text: &Config, stored: usize) {
        self.keyframes.insert(object, Keyframe { text: text.clone(), stored: stored as u64 });
    }

    async fn get(&self, object: &str) -> Result<Option<bytes::Bytes>, Error> {
        let read = Error::storage("read a keyframe");
        match self.s3.get_object().bucket(&self.bucket).key(object).send().await {
            Ok(output) => output
                .body
                .collect()
                .await
                .map(|body| Some(body.into_bytes()))
                .map_err(|e| read(Cause::from(e))),
            Err(SdkError::ServiceError(context)) if matches!(context.err(), GetObjectError::NoSuchKey(_)) => {
                Ok(None)
            }
            Err(error) => Err(read(Cause::from(error))),
        }
    }

    /// Puts a keyframe in S3, unless it is there.
    pub(super) async fn put_keyframe(&self, app: &AppName, config: &Config) -> Result<(), Error> {
        let object = key::keyframe(app, &config.sha256());
        // Only what was read from, or written to, the bucket is in memory.
        if self.keyframes.peek(&object).is_some() {
            return Ok(());
        }
        let compressed = compressed(config).await?;
        let mut stored = compressed.len();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let put = self.s3.put_object().bucket(&self.bucket).key(&object).content_type("application/zstd");
            let sent = put.if_none_match("*").body(ByteStream::from(compressed.clone())).send().await;
            let Err(error) = sent else { break };
            match error.raw_response().map(|response| response.status().as_u16()) {
                Some(412) => {
                    stored = self.check_or_mend(&object, config, compressed).await?;
                    break;
                }
                // Another PUT of the same object is under way.
                Some(409) if attempts < CONFLICT_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(20) * attempts).await;
                }
                _ => return Err(Error::storage("write a keyframe")(Cause::from(error))),
            }
        }
        self.keep(object, config, stored);
        Ok(())
    }

    /// Makes sure that the object that stands where a keyframe was to be put is that keyframe. One of the same size
    /// is; another may have been compressed by another version of zstd, or be damaged, and is then written anew:
    /// the name is the hash of the text, so nothing else can belong there. Gives the object's length.
    async fn check_or_mend(
        &self,
        object: &str,
        config: &Config,
        compressed: bytes::Bytes,
    ) -> Result<usize, Error> {
        let length = compressed.len();
        if self.stored(object).await? == Some(length as u64) {
            return Ok(length);
        }
        if let Some(there) = self.get(object).await? {
            let is_it = heavy::copy(text_len(&there), || {
                delta::decompress(&there, MAX_BYTES).is_ok_and(|text| text == config.text().as_bytes())
            });
            if is_it.await? {
                return Ok(there.len());
            }
        }
        self.overwrite(object, config, compressed).await.map(|()| length)
    }

    /// Puts a keyframe in the place of what is damaged there.
    pub(super) async fn overwrite(
        &self,
        object: &str,
        config: &Config,
        compressed: bytes::Bytes,
    ) -> Result<(), Error> {
        tracing::error!(object, "a keyframe was damaged or missing; written anew");
        let length = compressed.len();
        let put = self.s3.put_object().bucket(&self.bucket).key(object).content_type("application/zstd");
        let sent = put.body(ByteStream::from(compressed)).send().await;
        sent.map_err(|e| Error::storage("write a keyframe anew")(Cause::from(e)))?;
        self.keep(object.to_owned(), config, length);
        Ok(())
    }
}

/// How long the text is that an object says it holds: at most [`MAX_BYTES`], which is read at most.
fn text_len(compressed: &[u8]) -> usize {
    let said = get_frame_content_size(compressed).ok().flatten();
    said.and_then(|said| usize::try_from(said).ok()).unwrap_or(MAX_BYTES).min(MAX_BYTES)
}

/// The object of a keyframe.
pub(super) async fn compressed(config: &Config) -> Result<bytes::Bytes, Error> {
    let compressed = heavy::copy(config.len(), || delta::compress(config.text().as_bytes())).await?;
    compressed.map(bytes::Bytes::from).map_err(|e| Error::storage("write a keyframe")(Cause::from(e)))
}
