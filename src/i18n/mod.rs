//! The two languages of the service: which one to speak, its texts, and how dates, numbers and identity numbers
//! are written in it.
//!
//! Texts live in `locales/{vi,en}/*.ftl` (Fluent); `terms.ftl` is the only source of the words we insist on.
//! Out of scope: names of purposes, fields and agencies (they come with the catalogue, in both languages) and HTML.

mod format;
mod lang;
mod text;

pub use format::{
    clock_seconds, clock_time, date, date_time, day_heading, day_start, group_digits, iso_date,
    iso_date_time, masked_national_id, spoken_national_id,
};
pub use lang::Lang;
pub use text::{Arg, list, lower_first, text, text_with};

#[cfg(test)]
mod tests;
