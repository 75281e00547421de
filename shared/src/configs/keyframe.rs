//! Keyframes in S3: read, put once, mended where they are damaged.

use std::time::Duration;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use zstd::zstd_safe::get_frame_content_size;

use super::Configs;
use crate::config::{Config, MAX_BYTES};
use crate::delta;
use crate::error::{Cause, Error};
use crate::hash::Sha256;
use crate::heavy;
use crate::id::{AppName, Version};
use crate::key;

/// How often a conditional PUT that meets another of the same object is tried again.
const CONFLICT_ATTEMPTS: u32 = 5;

impl Configs {
    /// A keyframe's text, if it is in memory.
    pub(super) fn in_memory(&self, app: &AppName, sha256: Sha256) -> Option<Config> {
        self.keyframes.get(&key::keyframe(app, &sha256))
    }

    /// A keyframe's text: from memory, or one GET.
    pub(super) async fn keyframe(
        &self,
        app: &AppName,
        version: Version,
        sha256: Sha256,
    ) -> Result<Config, Error> {
        let object = key::keyframe(app, &sha256);
        if let Some(config) = self.keyframes.get(&object) {
            return Ok(config);
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
        self.keyframes.insert(object, config.clone());
        Ok(config)
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
        let mut attempts = 0;
        loop {
            attempts += 1;
            let put = self.s3.put_object().bucket(&self.bucket).key(&object).content_type("application/zstd");
            let sent = put.if_none_match("*").body(ByteStream::from(compressed.clone())).send().await;
            let Err(error) = sent else { break };
            match error.raw_response().map(|response| response.status().as_u16()) {
                Some(412) => {
                    self.check_or_mend(&object, config, compressed).await?;
                    break;
                }
                // Another PUT of the same object is under way.
                Some(409) if attempts < CONFLICT_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(20) * attempts).await;
                }
                _ => return Err(Error::storage("write a keyframe")(Cause::from(error))),
            }
        }
        self.keyframes.insert(object, config.clone());
        Ok(())
    }

    /// Makes sure that the object that stands where a keyframe was to be put is that keyframe. One of the same size
    /// is; another may have been compressed by another version of zstd, or be damaged, and is then written anew:
    /// the name is the hash of the text, so nothing else can belong there.
    async fn check_or_mend(
        &self,
        object: &str,
        config: &Config,
        compressed: bytes::Bytes,
    ) -> Result<(), Error> {
        let head = self.s3.head_object().bucket(&self.bucket).key(object).send().await;
        let head = head.map_err(|e| Error::storage("look at a keyframe")(Cause::from(e)))?;
        if head.content_length() == i64::try_from(compressed.len()).ok() {
            return Ok(());
        }
        if let Some(there) = self.get(object).await? {
            let is_it = heavy::copy(text_len(&there), || {
                delta::decompress(&there, MAX_BYTES).is_ok_and(|text| text == config.text().as_bytes())
            });
            if is_it.await? {
                return Ok(());
            }
        }
        self.overwrite(object, config, compressed).await
    }

    /// Puts a keyframe in the place of what is damaged there.
    pub(super) async fn overwrite(
        &self,
        object: &str,
        config: &Config,
        compressed: bytes::Bytes,
    ) -> Result<(), Error> {
        tracing::error!(object, "a keyframe was damaged; written anew");
        let put = self.s3.put_object().bucket(&self.bucket).key(object).content_type("application/zstd");
        let sent = put.body(ByteStream::from(compressed)).send().await;
        sent.map_err(|e| Error::storage("write a keyframe anew")(Cause::from(e)))?;
        self.keyframes.insert(object.to_owned(), config.clone());
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
