//! What an operation uses of what has a price.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::prices::price;
use crate::support::item_size::size;
use crate::support::{Answer, Stack};

/// What one request was seen to use.
pub(crate) struct Counted {
    pub(crate) calls: Vec<String>,
    pub(crate) gb_seconds: f64,
    /// Bytes of the answer.
    pub(crate) answered: usize,
}

/// Units, on average.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    dynamodb_writes: f64,
    dynamodb_reads: f64,
    s3_puts: f64,
    s3_gets: f64,
    requests: f64,
    gateway_requests: f64,
    gb_seconds: f64,
}

impl Counted {
    /// The units, where the entry that was written takes so many bytes, and what the query went over takes so many.
    pub(crate) fn usage(&self, written: usize, read: usize) -> Usage {
        let count = |name: &str| self.calls.iter().filter(|call| *call == name).count() as f64;
        let entry = written.div_ceil(1_024) as f64;
        Usage {
            // A transaction doubles its units, and has one small item beside the entry.
            dynamodb_writes: count("DynamoDB.PutItem") * entry
                + count("DynamoDB.TransactWriteItems") * 2.0 * (entry + 1.0),
            dynamodb_reads: count("DynamoDB.Query") * read.div_ceil(4_096).max(1) as f64
                + count("DynamoDB.GetItem"),
            s3_puts: count("S3.PutObject"),
            s3_gets: count("S3.GetObject") + count("S3.HeadObject"),
            requests: 1.0,
            gateway_requests: self.answered.div_ceil(512 * 1_024).max(1) as f64,
            gb_seconds: self.gb_seconds,
        }
    }
}

impl Usage {
    pub(crate) fn add(&mut self, other: &Self) {
        self.dynamodb_writes += other.dynamodb_writes;
        self.dynamodb_reads += other.dynamodb_reads;
        self.s3_puts += other.s3_puts;
        self.s3_gets += other.s3_gets;
        self.requests += other.requests;
        self.gateway_requests += other.gateway_requests;
        self.gb_seconds += other.gb_seconds;
    }

    /// The average of a sum of so many.
    pub(crate) fn each(self, count: usize) -> Self {
        let part = |sum: f64| sum / count as f64;
        Self {
            dynamodb_writes: part(self.dynamodb_writes),
            dynamodb_reads: part(self.dynamodb_reads),
            s3_puts: part(self.s3_puts),
            s3_gets: part(self.s3_gets),
            requests: part(self.requests),
            gateway_requests: part(self.gateway_requests),
            gb_seconds: part(self.gb_seconds),
        }
    }

    /// USD for what is written.
    pub(crate) fn writes(&self) -> f64 {
        self.dynamodb_writes * price("DynamoDB write") + self.s3_puts * price("S3 PUT")
    }

    /// USD for all calls of DynamoDB and S3.
    pub(crate) fn aws(&self) -> f64 {
        self.writes() + self.dynamodb_reads * price("DynamoDB read") + self.s3_gets * price("S3 GET")
    }

    /// USD for Lambda.
    pub(crate) fn lambda(&self) -> f64 {
        self.requests * price("Lambda request") + self.gb_seconds * price("Lambda GB-second, arm64")
    }

    /// USD for what stands before the storage.
    pub(crate) fn front(&self) -> f64 {
        self.lambda() + self.gateway_requests * price("HTTP API request")
    }
}

/// What is kept, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) items: usize,
    pub(crate) objects: u64,
}

/// The bytes of a stack's table and of its configs.
pub(crate) async fn stored(stack: &Stack) -> Stored {
    let mut items = 0;
    let mut pages = stack.clients.dynamodb.scan().table_name(&stack.resources.table).into_paginator().send();
    while let Some(page) = pages.next().await {
        // "100 bytes of overhead" an item, for storage.
        items += page.unwrap().items().iter().map(|item| size(item) + 100).sum::<usize>();
    }
    let mut objects = 0;
    let mut pages =
        stack.clients.s3.list_objects_v2().bucket(&stack.resources.configs).into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page.unwrap().contents.unwrap_or_default();
        objects += found.iter().filter_map(|object| u64::try_from(object.size?).ok()).sum::<u64>();
    }
    Stored { items, objects }
}

/// The bytes of the 50 newest entries. What a query leaves out of its answer counts all the same.
pub(crate) async fn page(stack: &Stack) -> usize {
    let query = stack.clients.dynamodb.query().table_name(&stack.resources.table);
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :entries)");
    let query = query.expression_attribute_values(":pk", AttributeValue::S("crm/production".to_owned()));
    let query = query.expression_attribute_values(":entries", AttributeValue::S("v#".to_owned()));
    query.scan_index_forward(false).limit(50).send().await.unwrap().items().iter().map(size).sum()
}

/// The bytes of the entry that an answer is about.
pub(crate) async fn entry(stack: &Stack, answer: &Answer) -> usize {
    let version = answer.at("/version").as_u64().unwrap();
    let get = stack.clients.dynamodb.get_item().table_name(&stack.resources.table);
    let get = get.key("pk", AttributeValue::S("crm/production".to_owned()));
    let found = get.key("sk", AttributeValue::S(format!("v#{version:010}"))).send().await.unwrap();
    size(&found.item.unwrap())
}
