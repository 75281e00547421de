//! Who calls, and what they may do.
//!
//! API Gateway's JWT authorizer has verified the token; its claims arrive in the request context as
//! strings (a list as `[a b]`). One claim lists grants: `app/environment:role`.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::entry::Author;
use crate::error::Error;
use crate::id::{AppName, EnvId};
use crate::visible::visible;

/// The claim that lists grants, unless a parameter of the stack names another.
pub const DEFAULT_GRANTS_CLAIM: &str = "waymark_grants";

/// Longest author id that is kept, in bytes. OpenID Connect Core 1.0 §2 bounds `sub` to 255 characters.
pub const AUTHOR_ID_MAX: usize = 255;

/// Longest author name that is kept, in bytes; a longer one is cut at a character.
pub const AUTHOR_NAME_MAX: usize = 100;

/// What a grant permits. Each role has the rights of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read the live version, nothing else.
    Reader,
    /// Read everything; download.
    Viewer,
    /// Save, snapshot, restore, back up, upload.
    Editor,
    /// Publish, unpublish, roll back.
    Publisher,
    /// Policies and settings.
    Admin,
}

impl Role {
    /// The role's name in grants.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Reader, Self::Viewer, Self::Editor, Self::Publisher, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(Error::InvalidName { what: "role", rule: "reader, viewer, editor, publisher or admin" })
    }
}

/// A name, or the beginning of one followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(String),
    StartsWith(String),
}

impl Pattern {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exactly(whole) => whole == name,
            Self::StartsWith(start) => name.starts_with(start.as_str()),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (start, is_prefix) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
        let plain = start.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        match (plain, is_prefix) {
            (false, _) => None,
            (true, true) => Some(Self::StartsWith(start.to_owned())),
            (true, false) => (!start.is_empty()).then(|| Self::Exactly(start.to_owned())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(whole) => f.write_str(whole),
            Self::StartsWith(start) => write!(f, "{start}*"),
        }
    }
}

/// One grant: `app/environment:role`, with `*` in place of either name or at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    app: Pattern,
    env: Pattern,
    role: Role,
}

impl FromStr for Grant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = Error::InvalidName {
            what: "grant",
            rule: "app/environment:role, such as crm/production:viewer, crm/*:editor or sales-*/*:admin",
        };
        let Some(((app, env), role)) =
            text.rsplit_once(':').and_then(|(place, role)| Some((place.split_once('/')?, role)))
        else {
            return Err(refused);
        };
        match (Pattern::parse(app), Pattern::parse(env)) {
            (Some(app), Some(env)) => Ok(Self { app, env, role: role.parse()? }),
            _ => Err(refused),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.app, self.env, self.role.as_str())
    }
}

/// Who sent a request, as the verified token says.
#[derive(Clone, Debug)]
pub struct Caller {
    author: Author,
    grants: Vec<Grant>,
}

impl Caller {
    /// Reads the claims of a verified token. `None` when they name nobody.
    ///
    /// A grant that cannot be understood gives no right; the others count.
    pub fn from_claims(claims: &HashMap<String, String>, grants_claim: &str) -> Option<Self> {
        let id = claims.get("sub").filter(|sub| !sub.is_empty() && sub.len() <= AUTHOR_ID_MAX)?;
        let name = ["name", "email", "username"]
            .iter()
            .filter_map(|claim| claims.get(*claim))
            .map(|text| cut(text, AUTHOR_NAME_MAX))
            .find(|text| !text.trim().is_empty())
            .unwrap_or_else(|| cut(id, AUTHOR_NAME_MAX));
        let listed = claims.get(grants_claim).map_or("", String::as_str);
        let listed = listed.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(listed);
        let grants = listed
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter_map(|text| text.parse().ok())
            .collect();
        Some(Self { author: Author { id: id.clone(), name }, grants })
    }

    /// The author that this caller's entries carry.
    pub fn author(&self) -> &Author {
        &self.author
    }

    /// The caller's role in an environment; `None` for none at all.
    pub fn role(&self, env: &EnvId) -> Option<Role> {
        self.grants
            .iter()
            .filter(|grant| grant.app.matches(env.app.as_str()) && grant.env.matches(env.env.as_str()))
            .map(|grant| grant.role)
            .max()
    }

    /// The caller's role in every environment of an app, those to come included.
    pub fn app_role(&self, app: &AppName) -> Option<Role> {
        self.grants
            .iter()
            .filter(|grant| grant.app.matches(app.as_str()))
            .filter(|grant| matches!(&grant.env, Pattern::StartsWith(start) if start.is_empty()))
            .map(|grant| grant.role)
            .max()
    }

    /// The beginnings of registry keys that this caller may see something under, sorted, none within another.
    pub(crate) fn visible_prefixes(&self) -> Vec<String> {
        let mut prefixes: Vec<String> = self
            .grants
            .iter()
            .filter(|grant| grant.role >= Role::Viewer)
            .map(|grant| match (&grant.app, &grant.env) {
                (Pattern::StartsWith(start), _) => start.clone(),
                (Pattern::Exactly(app), Pattern::StartsWith(start)) => format!("{app}/{start}"),
                (Pattern::Exactly(app), Pattern::Exactly(env)) => format!("{app}/{env}"),
            })
            .collect();
        prefixes.sort();
        prefixes.dedup_by(|later, earlier| later.starts_with(earlier.as_str()));
        prefixes
    }
}

/// The beginning of `text`, at most `max` bytes, ending at a character; what cannot be seen is written out.
fn cut(text: &str, max: usize) -> String {
    let shown = visible(text);
    shown.get(..shown.floor_char_boundary(max)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(grants: &str) -> Caller {
        let claims = HashMap::from([
            ("sub".to_owned(), "u1".to_owned()),
            (DEFAULT_GRANTS_CLAIM.to_owned(), grants.to_owned()),
        ]);
        Caller::from_claims(&claims, DEFAULT_GRANTS_CLAIM).unwrap()
    }

    fn role(grants: &str, env: &str) -> Option<Role> {
        caller(grants).role(&env.parse().unwrap())
    }

    #[test]
    fn grants_match_whole_names_or_marked_beginnings() {
        assert_eq!(role("crm/production:viewer", "crm/production"), Some(Role::Viewer));
        assert_eq!(role("crm/production:viewer", "crm/production2"), None);
        assert_eq!(role("crm/prod:viewer", "crm/production"), None);
        assert_eq!(role("crm/*:editor", "crm/staging"), Some(Role::Editor));
        assert_eq!(role("crm/*:editor", "crm2/staging"), None);
        assert_eq!(role("sales-*/*:admin", "sales-emea/staging"), Some(Role::Admin));
        assert_eq!(role("sales-*/*:admin", "sales/staging"), None);
        assert_eq!(role("*/*:reader", "any/thing"), Some(Role::Reader));
    }

    #[test]
    fn the_highest_matching_role_counts() {
        assert_eq!(role("[*/*:viewer crm/*:publisher]", "crm/staging"), Some(Role::Publisher));
        assert_eq!(role("*/*:viewer, crm/*:publisher", "hr/staging"), Some(Role::Viewer));
    }

    #[test]
    fn what_is_not_a_grant_gives_no_right() {
        for bad in [
            "",
            "[]",
            "crm",
            "crm:admin",
            "crm/*",
            "crm/*:owner",
            "*:admin",
            "c*m/*:admin",
            "/:admin",
            "crm/:admin",
        ] {
            assert_eq!(role(bad, "crm/production"), None, "{bad}");
        }
    }

    #[test]
    fn an_app_role_needs_all_environments() {
        let app = "crm".parse().unwrap();
        assert_eq!(caller("crm/*:admin").app_role(&app), Some(Role::Admin));
        assert_eq!(caller("crm/production:admin crm/p*:admin").app_role(&app), None);
    }

    #[test]
    fn a_token_without_a_subject_is_nobody() {
        assert!(Caller::from_claims(&HashMap::new(), DEFAULT_GRANTS_CLAIM).is_none());
    }

    #[test]
    fn long_names_are_cut_at_a_character() {
        let claims = HashMap::from([("sub".to_owned(), "u".to_owned()), ("name".to_owned(), "é".repeat(80))]);
        let caller = Caller::from_claims(&claims, DEFAULT_GRANTS_CLAIM).unwrap();
        assert_eq!(caller.author().name, "é".repeat(50));
    }

    #[test]
    fn nothing_hidden_is_in_a_name() {
        for c in (0..0x3000).chain(0xfe00..0x1_0000).filter_map(char::from_u32) {
            let name = format!("Ada{c} Admin");
            let claims = HashMap::from([("sub".to_owned(), "u".to_owned()), ("name".to_owned(), name)]);
            let name = Caller::from_claims(&claims, DEFAULT_GRANTS_CLAIM).unwrap().author().name.clone();
            assert!(!name.chars().any(crate::visible::is_hidden), "U+{:04X}: {name:?}", u32::from(c));
            // What older entries have is shown like it.
            let stored = serde_json::json!({ "id": "u", "name": format!("Ada{c}") });
            let stored: Author = serde_json::from_value(stored).unwrap();
            assert!(
                !stored.name.chars().any(crate::visible::is_hidden),
                "U+{:04X}: {stored:?}",
                u32::from(c)
            );
        }
    }

    #[test]
    fn visible_prefixes_cover_each_other() {
        assert_eq!(
            caller("crm/*:viewer crm/production:admin a/b:viewer z/z:reader").visible_prefixes(),
            ["a/b", "crm/"]
        );
        assert_eq!(caller("*/production:viewer crm/*:viewer").visible_prefixes(), [""]);
    }
}
