//! The registry of environments: what `GET /v1/apps` lists.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{History, Page};
use crate::caller::{Caller, Role};
use crate::entry::Item;
use crate::error::{Cause, Error};
use crate::id::EnvId;
use crate::key;

/// An environment that the caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The environment.
    pub env: EnvId,
    /// What the caller may do in it.
    pub role: Role,
}

/// The registry's line for an environment.
pub(super) fn item(env: &EnvId) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key::REGISTRY.to_owned())),
        ("sk".to_owned(), AttributeValue::S(key::registered(env))),
    ])
}

impl History {
    /// A page of the environments that the caller may see (as `viewer` or more), by name, those after `after` if
    /// given. `next` is one that the caller may see, so that no answer tells of others. It reads
    /// the registry under the beginnings of the caller's grants: a page for `*/production` may read all of it, which is
    /// some 100 bytes an environment.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn environments(
        &self,
        caller: &Caller,
        after: Option<&EnvId>,
        limit: u16,
    ) -> Result<Page<Listed, EnvId>, Error> {
        let limit = usize::from(limit);
        let after = after.map(key::registered);
        let mut items = Vec::new();
        'prefixes: for prefix in caller.visible_prefixes() {
            let mut from = None;
            if let Some(after) = &after {
                if after.starts_with(&prefix) {
                    from = Some(after.clone());
                } else if *after > prefix {
                    continue;
                }
            }
            loop {
                let (found, last) = self.registered(&prefix, from).await?;
                items.extend(found.into_iter().filter_map(|env| {
                    let role = caller.role(&env).filter(|role| *role >= Role::Viewer)?;
                    Some(Listed { env, role })
                }));
                from = last;
                if items.len() > limit {
                    break 'prefixes;
                }
                if from.is_none() {
                    break;
                }
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(|listed| listed.env.clone()) } else { None };
        Ok(Page::of(items, next))
    }

    /// Registered environments under a prefix, behind the key `from`, and the key to go on from.
    async fn registered(
        &self,
        prefix: &str,
        from: Option<String>,
    ) -> Result<(Vec<EnvId>, Option<String>), Error> {
        let registry = || AttributeValue::S(key::REGISTRY.to_owned());
        let start = from.map(|sk| {
            HashMap::from([("pk".to_owned(), registry()), ("sk".to_owned(), AttributeValue::S(sk))])
        });
        let query =
            self.dynamodb.query().table_name(&self.table).expression_attribute_values(":pk", registry());
        let query = if prefix.is_empty() {
            query.key_condition_expression("pk = :pk")
        } else {
            query
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
        };
        let output = query
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| Error::storage("list environments")(Cause::from(e)))?;
        let sk = |item: &Item| item.get("sk").and_then(|sk| sk.as_s().ok()).cloned();
        let last = output.last_evaluated_key.as_ref().and_then(sk);
        let found = output
            .items
            .unwrap_or_default()
            .iter()
            .filter_map(|item| sk(item).and_then(|sk| key::parse_registered(&sk)))
            .collect();
        Ok((found, last))
    }
}
