//! The schemas of types that are texts or numbers on the wire: each has the form that its `FromStr` checks.

use std::borrow::Cow;

use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::backup::BackupId;
use crate::id::{AppName, EnvId, EnvName, NAME_MAX, NOTE_MAX, Note, SNAPSHOT_NAME_MAX, SnapshotName};
use crate::id::{Version, VersionRef};

/// A config.
#[derive(Debug)]
pub struct Config;

/// An operation of a JSON Patch (RFC 6902).
#[derive(Debug)]
pub struct Operation;

/// The answer to a publication.
#[derive(Debug)]
pub struct Published;

/// The answer to a restore.
#[derive(Debug)]
pub struct RestoreAnswer;

/// A note, or an empty text.
#[derive(Debug)]
pub struct NewNote;

/// A file.
#[derive(Debug)]
pub struct Bytes;

/// A JSON Pointer of a part (RFC 6901).
#[derive(Debug)]
pub struct Pointer;

macro_rules! schemas {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:expr;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let doc: &[&str] = &[$($doc.trim_ascii()),+];
                $schema.description(Some(doc.join(" "))).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

fn text(pattern: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).examples([example])
}

fn slug(example: &str) -> ObjectBuilder {
    text(&format!("^[a-z0-9][a-z0-9-]{{0,{}}}$", NAME_MAX - 1), example)
}

schemas! {
    /// The name of an app.
    AppName = slug("crm");

    /// The name of one of an app's environments.
    EnvName = slug("production");

    /// An environment, as `app/environment`.
    EnvId = text("^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$", "crm/production");

    /// The name of a snapshot: unique for ever in its environment. Capital and small letters make different names. Not `live` or
    /// `working` in any case, not digits alone.
    SnapshotName = text(
        &format!("^(?!([Ll][Ii][Vv][Ee]|[Ww][Oo][Rr][Kk][Ii][Nn][Gg]|[0-9]+)$)[A-Za-z0-9][A-Za-z0-9._-]{{0,{}}}$", SNAPSHOT_NAME_MAX - 1),
        "v1",
    );

    /// A short text for people: at most 1,000 bytes of UTF-8, not blank, without control characters other than line feed
    /// and tab.
    Note = text(r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*$", "first release")
        .min_length(Some(1))
        .max_length(Some(NOTE_MAX));

    /// The id of a backup: its class and the period that it stands for.
    BackupId = text("^(d14|d70|d800|manual|before-restore)\\.[A-Za-z0-9-]{1,36}$", "d14.2026-11-22");

    /// The number of an entry in its history: 1, 2, 3 … without gaps.
    Version = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(Version::FIRST.get()))
        .maximum(Some(Version::MAX.get()))
        .examples([7]);

    /// A version: an entry's number, a snapshot's name, `live` (what users get) or `working` (the newest).
    VersionRef = AnyOfBuilder::new()
        .item(Ref::from_schema_name("Version"))
        .item(Ref::from_schema_name("SnapshotName"))
        .item(text("^(live|working|[1-9][0-9]{0,9})$", "live"));

    /// A config: the JSON document that is versioned. An object or an array, given back byte for byte as it was saved.
    // Not one schema with two types: as an alternative, schemathesis 4.32 cannot read that.
    Config = OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Object))
        .item(ObjectBuilder::new().schema_type(Type::Array));

    /// The answer to a publication; where only a preview was asked for, what it would come to.
    Published =
        AnyOfBuilder::new().item(Ref::from_schema_name("Released")).item(Ref::from_schema_name("PromotionPreview"));

    /// The answer to a restore; where only a preview was asked for, what it would come to.
    RestoreAnswer =
        AnyOfBuilder::new().item(Ref::from_schema_name("Restored")).item(Ref::from_schema_name("RestorePreview"));

    /// An operation of a JSON Patch (RFC 6902).
    Operation = OneOfBuilder::new()
        .item(operation(&["add", "replace", "test"]).property("value", any()).required("value"))
        .item(operation(&["remove"]))
        .item(operation(&["move", "copy"]).property("from", pointer()).required("from"));

    /// The place of a part, as a JSON Pointer (RFC 6901).
    Pointer = pointer().max_length(Some(200));

    /// A snapshot's note from now on; an empty text takes it away.
    NewNote = AnyOfBuilder::new()
        .item(Ref::from_schema_name("Note"))
        .item(ObjectBuilder::new().schema_type(Type::String).max_length(Some(0)));

    /// A file.
    Bytes = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
}

fn pointer() -> ObjectBuilder {
    text("^(/([^~/]|~[01])*)*$", "/title")
}

fn any() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue)
}

fn operation(ops: &[&str]) -> ObjectBuilder {
    let op = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ops.to_vec()));
    // Members that the operation does not know are ignored (RFC 6902, section 4).
    ObjectBuilder::new()
        .property("op", op)
        .required("op")
        .property("path", pointer())
        .required("path")
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
}
