//! `GET /sign-in` and `/signed-out`: who signs in where, and the farewell.

use askama::Template;

use super::layout::Layout;

/// For whom an identity provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Citizens.
    Citizen,
    /// Officials of an agency.
    Official,
    /// Compliance officers.
    Compliance,
}

impl Role {
    /// The heading of the role's group.
    #[must_use]
    pub fn heading(self, page: &Layout) -> String {
        page.say(match self {
            Self::Citizen => "sign-in-citizen",
            Self::Official => "sign-in-official",
            Self::Compliance => "sign-in-compliance",
        })
    }

    /// What one can do there.
    #[must_use]
    pub fn explanation(self, page: &Layout) -> String {
        page.say(match self {
            Self::Citizen => "sign-in-citizen-means",
            Self::Official => "sign-in-official-means",
            Self::Compliance => "sign-in-compliance-means",
        })
    }

    /// The id of the group's heading.
    #[must_use]
    pub const fn anchor(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Official => "official",
            Self::Compliance => "compliance",
        }
    }
}

/// An identity provider to choose.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// What the form sends as `issuer`.
    pub id: String,
    /// Its name, e.g. `VNeID`.
    pub label: String,
}

/// The providers of one role.
#[derive(Clone, Debug)]
pub struct Group {
    /// The role.
    pub role: Role,
    /// Its providers.
    pub issuers: Vec<Issuer>,
}

/// The page to choose at. Each choice posts `csrf`, `issuer`, `role` (`citizen`, `official` or `compliance`) and
/// `return_to` to `/sign-in`.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// The frame.
    pub page: Layout,
    /// The token against cross-site requests, bound to the browser before sign-in.
    pub csrf: String,
    /// The path to come back to; the handler checks that it is on this site.
    pub return_to: String,
    /// The choices, citizens first.
    pub groups: Vec<Group>,
}

/// The page after signing out.
#[derive(Clone, Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut {
    /// The frame.
    pub page: Layout,
    /// The provider where the person may still be signed in; empty when it signed them out too.
    pub provider: String,
}
