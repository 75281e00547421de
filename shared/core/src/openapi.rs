//! The schemas of types that are texts on the wire: each has the form that its `FromStr` checks.

use std::borrow::Cow;

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::config::keep::{Keep, MAX_PATH, MAX_PATHS};
use crate::hash::Sha256;

impl PartialSchema for Sha256 {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9a-f]{64}$"))
            .examples(["44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"])
            .description(Some("A SHA-256 in hexadecimal digits."))
            .into()
    }
}

impl ToSchema for Sha256 {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Sha256")
    }
}

impl PartialSchema for Keep {
    fn schema() -> RefOr<Schema> {
        let path = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(/([^~]|~[01])*)+$"))
            .examples(["/resources/*/url"])
            .max_length(Some(MAX_PATH));
        let what = "What promotion, and a restore from another environment, leave as it is: JSON Pointers in which `*` is any \
                    one level.";
        ArrayBuilder::new().items(path).max_items(Some(MAX_PATHS)).description(Some(what)).into()
    }
}

impl ToSchema for Keep {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Keep")
    }
}
