//! The parameters that several operations have.

#![allow(dead_code, reason = "they are read by the document alone")]

use utoipa::IntoParams;

use crate::id::{AppName, EnvName};

/// The environment.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InEnvironment {
    /// The app.
    app: AppName,
    /// The environment.
    env: EnvName,
}

/// The app.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InApp {
    /// The app.
    app: AppName,
}

/// A change that may be sent again.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Repeatable {
    /// The same method, path, query and body with the same key give the first answer again, for 24 hours.
    #[param(
        rename = "Idempotency-Key",
        pattern = "^[!-~]([\\t -~]{0,253}[!-~])?$",
        min_length = 1,
        max_length = 255
    )]
    idempotency_key: Option<String>,
}

/// What a save builds on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Saving {
    /// Saves only over this version (`"7"`) or config (an ETag), or over whatever is there (`*`).
    #[param(rename = "If-Match", pattern = "^(\\*|(W/)?\"[!#-+.-~-]*\"( *, *(W/)?\"[!#-+.-~-]*\")*)$")]
    if_match: Option<String>,
    /// `*`: saves only where nothing is.
    #[param(rename = "If-None-Match", pattern = "^(\\*|(W/)?\"[!#-+.-~-]*\"( *, *(W/)?\"[!#-+.-~-]*\")*)$")]
    if_none_match: Option<String>,
    /// Merges with what came since this version. Not beside `If-Match`.
    #[param(rename = "Waymark-Base", pattern = "^([1-9][0-9]{0,9}|\"[1-9][0-9]{0,9}\")$")]
    waymark_base: Option<String>,
    /// Labels the save. Text outside ASCII, and `%`, is percent-encoded UTF-8.
    #[param(rename = "Waymark-Note", pattern = "^[!-$&-~]([ -$&-~]{0,998}[!-$&-~])?$")]
    waymark_note: Option<String>,
}

/// What a change was decided on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Matching {
    /// Changes something only while this is the newest version (`"7"`) or the working config (an ETag).
    #[param(rename = "If-Match", pattern = "^(\\*|(W/)?\"[!#-+.-~-]*\"( *, *(W/)?\"[!#-+.-~-]*\")*)$")]
    if_match: Option<String>,
}

/// The version that a config to be merged builds on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Based {
    /// The version that the config builds on.
    #[param(rename = "Waymark-Base", pattern = "^([1-9][0-9]{0,9}|\"[1-9][0-9]{0,9}\")$")]
    waymark_base: String,
}

/// How a config, or the address of one, is to be answered.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Reading {
    /// An ETag as it was given: the answer is 304 where the config is still that one.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
    /// `return=minimal`: the address of what is too large for an answer is in a body of JSON, and no redirect.
    #[param(rename = "Prefer")]
    prefer: Option<String>,
}

/// Where a file is to be downloaded.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Downloading {
    /// `return=minimal`: the address is in a body of JSON, and no redirect.
    #[param(rename = "Prefer")]
    prefer: Option<String>,
}
