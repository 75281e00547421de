//! The bare calls of the AWS SDK: the same client, engine and items as Waymark's.

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use waymark::aws::{Clients, Resources};
use waymark::history::PROJECTED;

use crate::service::Service;
use crate::side::{Op, Run, Side};

/// The table of a service, without the service.
pub(crate) struct Sdk {
    clients: Clients,
    resources: Resources,
}

impl Sdk {
    pub(crate) fn beside(service: &Service) -> Self {
        Self { clients: service.stack.clients.clone(), resources: service.stack.resources.clone() }
    }

    async fn query(&self, limit: i32, projected: bool) {
        let mut query = self
            .clients
            .dynamodb
            .query()
            .table_name(&self.resources.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :entries)")
            .expression_attribute_values(":pk", AttributeValue::S("crm/production".to_owned()))
            .expression_attribute_values(":entries", AttributeValue::S("v#".to_owned()))
            .scan_index_forward(false)
            .limit(limit)
            .consistent_read(true);
        if projected {
            for name in PROJECTED.iter().chain(&["config", "sha256", "bytes"]) {
                query = query.expression_attribute_names(format!("#{name}"), *name);
            }
            let names: Vec<String> = PROJECTED.iter().map(|name| format!("#{name}")).collect();
            query =
                query.projection_expression(format!("{}, #config.#sha256, #config.#bytes", names.join(", ")));
        }
        assert!(query.send().await.unwrap().count() > 0);
    }
}

impl Side for Sdk {
    fn name(&self) -> &'static str {
        "bare SDK query"
    }

    fn settings(&self) -> String {
        "the same query, client and items, without Waymark".to_owned()
    }

    fn offers(&self, op: &Op<'_>) -> bool {
        matches!(op, Op::List | Op::LiveSame)
    }

    fn run<'a>(&'a mut self, op: Op<'a>) -> Run<'a, Bytes> {
        Box::pin(async move {
            match op {
                Op::List => self.query(50, true).await,
                _ => self.query(1, false).await,
            }
            Bytes::new()
        })
    }
}
