//! `GET /`: what the service is, sign in, and which registers it covers.

use askama::Template;

use super::layout::Layout;

/// A register whose readings the service records.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in the page's language.
    pub name: String,
    /// Who holds it.
    pub holder: String,
    /// Since when it is covered, written out; empty when not stated.
    pub since: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "home.html")]
pub struct Home {
    /// The frame.
    pub page: Layout,
    /// The registers covered.
    pub sources: Vec<Source>,
}
