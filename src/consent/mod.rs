//! Consent as the offices use it. Out of scope here: asking and answering (to come), and delivery (`notices`).

pub mod notice;
