//! Objects in the buckets, as a test looks at them and alters them behind the service's back.

use aws_sdk_s3::primitives::ByteStream;

use super::Stack;

/// An object: its bucket and its key.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    bucket: String,
    key: String,
}

impl Stack {
    /// The keyframe of `crm` with this SHA-256.
    pub(crate) fn keyframe(&self, sha256: &str) -> Object {
        let key = format!("configs/crm/{sha256}.zst");
        Object { bucket: self.resources.configs.clone(), key }
    }

    /// The object with this key in the backups bucket.
    pub(crate) fn backup_object(&self, key: &str) -> Object {
        Object { bucket: self.resources.backups.clone(), key: key.to_owned() }
    }

    /// What an object holds.
    pub(crate) async fn stored(&self, object: &Object) -> Vec<u8> {
        let get = self.clients.s3.get_object().bucket(&object.bucket).key(&object.key);
        get.send().await.unwrap().body.collect().await.unwrap().to_vec()
    }

    /// Gives an object other bytes; its metadata stay. In the embedded S3 they change on the disk, so that the
    /// checksums that it keeps are still those of what was put.
    pub(crate) async fn alter(&self, object: &Object, bytes: Vec<u8>) {
        let Object { bucket, key } = object;
        if let Some(file) = self.engines.file(bucket, key) {
            std::fs::write(file, bytes).unwrap();
            return;
        }
        let there = self.clients.s3.head_object().bucket(bucket).key(key).send().await.unwrap();
        let put = self.clients.s3.put_object().bucket(bucket).key(key).set_metadata(there.metadata);
        let put = put.set_content_type(there.content_type).body(ByteStream::from(bytes));
        put.send().await.unwrap();
    }

    /// Flips a bit in the middle of an object.
    pub(crate) async fn flip(&self, object: &Object) {
        let mut bytes = self.stored(object).await;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        self.alter(object, bytes).await;
    }

    /// Takes an object away.
    pub(crate) async fn lose(&self, object: &Object) {
        let Object { bucket, key } = object;
        self.clients.s3.delete_object().bucket(bucket).key(key).send().await.unwrap();
    }

    /// Copies an object of the backups bucket, metadata and all.
    pub(crate) async fn copy_backup(&self, from: &str, to: &str) {
        let bucket = &self.resources.backups;
        let copy = self.clients.s3.copy_object().bucket(bucket).key(to);
        copy.copy_source(format!("{bucket}/{from}")).send().await.unwrap();
    }
}
