//! The pages: plain data in, HTML out.
//!
//! Each page is a view struct (filled by a handler, no input or output here) and a template beside it in
//! `templates/`; [`render`] joins the two. Everything a value brings along is escaped by [`escape::Plain`].
//! All pages are complete without JavaScript, which the content security policy forbids altogether ([`headers`]).
//! Out of scope: routes, sessions, reading the ledger, and JSON.

pub mod access;
pub mod assets;
pub mod catalogue;
pub mod choices;
pub mod compliance;
pub mod consent;
pub mod consent_notice;
pub mod emergencies;
pub mod error;
pub mod escape;
pub mod event;
pub mod headers;
pub mod history;
pub mod home;
pub mod layout;
pub mod log;
pub mod me;
pub mod parts;
pub mod people;
pub mod proof;
pub mod sentence;
pub mod signing;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

/// The page as HTML.
///
/// # Errors
/// Only when a value refuses to be written, which none of ours does; answer it as any internal error.
pub fn render(page: &impl askama::Template) -> Result<String, askama::Error> {
    page.render()
}
