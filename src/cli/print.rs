//! How results look.

use std::io::{self, Write};

use crate::admin::Done;

/// Prints rows under headings, columns aligned with spaces.
pub(super) fn table<const N: usize>(
    out: &mut dyn Write,
    headings: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let heading = headings.map(str::to_owned);
    for row in std::iter::once(&heading).chain(rows) {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Says what came of a change, and which entry records it.
pub(super) fn done(out: &mut dyn Write, what: &str, done: &Done) -> io::Result<()> {
    match done {
        Done::Recorded(placed) => writeln!(out, "{what}: entry {} at index {}", placed.id, placed.index),
        Done::Nothing => writeln!(out, "{what}: it is so already, nothing was changed"),
    }
}
