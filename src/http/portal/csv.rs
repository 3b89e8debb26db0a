//! The compliance officer's table as CSV (RFC 4180), in UTF-8 with a byte order mark, which spreadsheets need.

use super::{
    error::Failure,
    view::{self, Words, event, split},
};
use crate::{
    history::{AgencyAccess, AgencyPage},
    http::pages::layout::Layout,
    i18n::iso_date_time,
};

/// The file.
pub(super) async fn written(
    words: &mut Words<'_>,
    page: &Layout,
    entries: &AgencyPage,
) -> Result<Vec<u8>, Failure> {
    let mut out = ::csv::Writer::from_writer("\u{FEFF}".as_bytes().to_vec());
    out.write_record([
        page.say("column-when"),
        page.say("column-result"),
        page.say("column-official"),
        page.say("column-person"),
        page.say("column-purpose"),
        page.say("access-basis"),
        page.say("access-case"),
        page.say("column-fields"),
        page.say("access-missing"),
        page.say("access-rules"),
        page.say("access-id"),
    ])?;
    for entry in &entries.accesses {
        if let Some(cells) = line(words, page, entry).await? {
            out.write_record(cells.map(guarded))?;
        }
    }
    if entries.next.is_some() {
        let mut last = [const { String::new() }; 11];
        if let Some(first) = last.first_mut() {
            *first = page.say("compliance-csv-more");
        }
        out.write_record(last)?;
    }
    out.into_inner().map_err(|error| Failure::Csv(::csv::Error::from(error.into_error())))
}

async fn line(
    words: &mut Words<'_>,
    page: &Layout,
    entry: &AgencyAccess,
) -> Result<Option<[String; 11]>, Failure> {
    let access = &entry.access;
    let Some(event) = event(access) else { return Ok(None) };
    let purpose = words.purpose(access).await?;
    let facts = &access.facts;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let labels = |names: Vec<String>| names.join("; ");
    let official = match view::official(access).code() {
        Some(code) => format!("{code} ({})", said(&facts.official_how)),
        None => String::new(),
    };
    let result = event.tag(page);
    Ok(Some([
        iso_date_time(access.at),
        if access.times > 1 { format!("{result} ×{}", access.times) } else { result },
        official,
        entry.handle.to_string(),
        purpose.map_or_else(|| said(&facts.purpose), |texts| words.said(&texts.title)),
        view::basis(access).map_or_else(String::new, |basis| basis.kind(page)),
        said(&facts.case),
        labels(facts.fields.iter().map(|name| words.field(name).label).collect()),
        labels(facts.missing.iter().map(|missing| words.field(split(missing).0).label).collect()),
        facts.reason.clone().unwrap_or_else(|| facts.rules.join("; ")),
        access.id.to_string(),
    ]))
}

/// A cell no spreadsheet takes for a formula (CWE-1236): a leading apostrophe before what could begin one.
fn guarded(cell: String) -> String {
    let risky = cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if risky { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_cell_that_could_be_a_formula_is_text() {
        for bad in ["=1+1", "+1", "-1", "@x", "\t=1", "  =1"] {
            assert!(guarded(bad.to_owned()).starts_with('\''), "{bad}");
        }
        assert_eq!(guarded("H08.2026-1".to_owned()), "H08.2026-1");
    }
}
