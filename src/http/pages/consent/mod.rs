//! The pages on which a person is asked, sees what she said yes to, and takes it back. In each, refusing and taking
//! back are as easy as giving, and nothing is chosen beforehand. Out of scope: the exact text itself
//! ([`super::consent_notice`]).

pub mod agency;
pub mod detail;
pub mod done;
pub mod hint;
pub mod list;
pub mod request;
pub mod requests;
pub mod withdraw;
pub mod words;

#[cfg(test)]
mod tests;
