//! One S3 object per save, as much history as a bucket gives.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::service::Service;
use crate::side::{Op, Run, Side};

const BUCKET: &str = "one-object-per-save";

/// The embedded S3 of a service, in a bucket of its own.
pub(crate) struct Objects {
    s3: aws_sdk_s3::Client,
    newest: usize,
}

impl Objects {
    pub(crate) fn beside(service: &Service) -> Self {
        Self { s3: service.stack.clients.s3.clone(), newest: 0 }
    }

    pub(crate) async fn ready(self) -> Self {
        self.s3.create_bucket().bucket(BUCKET).send().await.unwrap();
        self
    }

    async fn put(&mut self, text: &Bytes) {
        self.newest += 1;
        let object = zstd::bulk::compress(text, 3).unwrap();
        let put = self.s3.put_object().bucket(BUCKET).key(key(self.newest)).if_none_match("*");
        put.body(ByteStream::from(object)).send().await.unwrap();
    }

    async fn get(&self, version: usize) -> Bytes {
        let got = self.s3.get_object().bucket(BUCKET).key(key(version)).send().await.unwrap();
        let object = got.body.collect().await.unwrap().into_bytes();
        zstd::stream::decode_all(object.as_ref()).unwrap().into()
    }
}

fn key(version: usize) -> String {
    format!("crm/production/{version:010}.json.zst")
}

impl Side for Objects {
    fn name(&self) -> &'static str {
        "S3 object per save"
    }

    fn settings(&self) -> String {
        "aws-sdk-s3 and the same embedded S3, objects compressed by zstd, level 3; the program knows the newest key".to_owned()
    }

    fn offers(&self, op: &Op<'_>) -> bool {
        matches!(op, Op::Save(_) | Op::Read(_) | Op::Head | Op::List)
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            match op {
                Op::Save(text) => self.put(&text.text).await,
                Op::Read(version) => return self.get(version).await,
                Op::Head => return self.get(self.newest).await,
                _ => {
                    let list = self.s3.list_objects_v2().bucket(BUCKET).prefix("crm/production/");
                    list.max_keys(50).send().await.unwrap();
                }
            }
            Bytes::new()
        })
    }

    fn stored(&mut self) -> Run<'_, Option<u64>> {
        Box::pin(async {
            let mut bytes = 0;
            let mut pages = self.s3.list_objects_v2().bucket(BUCKET).into_paginator().send();
            while let Some(page) = pages.next().await {
                let objects = page.unwrap().contents.unwrap_or_default();
                bytes += objects.iter().filter_map(|object| u64::try_from(object.size?).ok()).sum::<u64>();
            }
            Some(bytes)
        })
    }
}
