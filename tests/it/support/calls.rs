//! Counts what the functions ask of AWS, by an interceptor in the SDK's clients.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::privileges;

/// The operations that were called, such as `DynamoDB.Query`, and how many attempts they took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    operations: Vec<String>,
    attempts: usize,
}

impl Calls {
    /// What was called since the last time, sorted.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut calls = std::mem::take(&mut *self.0.lock().unwrap()).operations;
        calls.sort();
        calls
    }

    /// What was called since the last time, as [`Calls::take`], each call in one attempt.
    #[track_caller]
    pub(crate) fn take_unrepeated(&self) -> Vec<String> {
        let attempts = self.0.lock().unwrap().attempts;
        let calls = self.take();
        assert_eq!(attempts, calls.len(), "a call was repeated: {calls:?}");
        calls
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = bag.load::<Metadata>() {
            let operation = format!("{}.{}", metadata.service(), metadata.name());
            self.0.lock().unwrap().operations.push(operation);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.lock().unwrap().attempts += 1;
        privileges::note(context.request());
        Ok(())
    }
}
