//! Rust source as a list of words and marks; enough for the building code, not a parser.

/// Identifiers, `::` and single marks; comments, strings and character literals are left out.
pub(crate) fn of(text: &str) -> Vec<String> {
    let (mut out, mut rest): (Vec<String>, &str) = (Vec::new(), text);
    while let Some(c) = rest.chars().next() {
        let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let after = rest.strip_prefix(word).unwrap_or_default();
        let hashes: String = after.chars().take_while(|c| *c == '#').collect();
        let raw = matches!(word, "r" | "br" | "cr")
            && after.strip_prefix(&hashes).is_some_and(|tail| tail.starts_with('"'));
        if raw {
            rest = after
                .split_once('"')
                .and_then(|(_, s)| s.split_once(&format!("\"{hashes}")))
                .map_or("", |p| p.1);
        } else if !word.is_empty() {
            out.push(word.to_owned());
            rest = after;
        } else if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, tail)| tail);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, tail)| tail);
        } else if c == '"' || rest.starts_with("'\\") {
            rest = after_literal(rest, c);
        } else if c == '\'' && rest.chars().nth(2) == Some('\'') {
            rest = rest.splitn(3, '\'').nth(2).unwrap_or_default();
        } else if let Some(tail) = rest.strip_prefix("::") {
            out.push("::".to_owned());
            rest = tail;
        } else {
            out.extend((!c.is_whitespace()).then(|| c.to_string()));
            rest = rest.strip_prefix(c).unwrap_or_default();
        }
    }
    out
}

/// What follows a literal that `rest` opens with `quote`; a backslash hides the next character.
fn after_literal(rest: &str, quote: char) -> &str {
    let mut chars = rest.chars();
    chars.next();
    while let Some(c) = chars.next().filter(|c| *c != quote) {
        if c == '\\' {
            chars.next();
        }
    }
    chars.as_str()
}
