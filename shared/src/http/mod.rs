//! The HTTP edge that all functions share: who may do what, bodies, preconditions, answers.

mod accept;
mod access;
mod answer;
mod body;
mod input;
mod listing;
mod precondition;
mod routes;

pub use accept::accepted;
pub use access::{Admin, As, AsAdminOfApp, Editor, Publisher, Reader, Signed, Viewer};
pub(crate) use answer::WAYMARK_VERSION;
pub use answer::{ConfigAnswer, Prefer, json, page_json, page_text, reply, reply_with, reply_with_text};
pub use body::{MAX_SENT, config_text, decoded};
pub use input::{Change, Query, Segment, given, present};
pub use listing::{Limit, listing, query_of};
pub use precondition::{Guarded, IfMatch, base, matches_etag, mismatch};
