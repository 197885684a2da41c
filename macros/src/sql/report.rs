//! A mistake in a statement, shown in the text of the statement.
//!
//! The compiler can underline a literal, and no part of it. So the message holds the line that is
//! wrong, and what is wrong in it is underlined there.

use tenancy_core::scope::Refusal;

/// The message, and below it the line with the construct, if it is known where that stands.
pub(super) fn show(sql: &str, message: &str, construct: &str) -> String {
    let place = located(message, sql).or_else(|| named(sql, construct));
    let Some((start, length)) = place else { return format!("{message}\n\n{}", indented(sql)) };
    format!("{message}\n\n{}", excerpt(sql, start, length))
}

/// What to say of a refusal.
pub(super) fn refusal(sql: &str, refusal: &Refusal, note: &str) -> String {
    show(sql, &format!("{refusal}{note}"), refusal.construct())
}

/// The whole text, if it is short.
fn indented(sql: &str) -> String {
    sql.trim().lines().take(8).map(|line| format!("    {}\n", line.trim_end())).collect()
}

/// The line around a place, and a line that underlines it.
fn excerpt(sql: &str, start: usize, length: usize) -> String {
    const WIDEST: usize = 90;
    let before = sql.get(..start).unwrap_or_default();
    let first = before.rfind('\n').map_or(0, |end| end + 1);
    let line = sql.get(first..).unwrap_or_default().lines().next().unwrap_or_default();
    let mut chars: Vec<char> = line.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
    let mut column = sql.get(first..start).unwrap_or_default().chars().count();
    let blank = chars.iter().take_while(|c| **c == ' ').count().min(column);
    chars.drain(..blank);
    column -= blank;
    if chars.len() > WIDEST && column > WIDEST / 2 {
        let cut = column - WIDEST / 2;
        chars.drain(..cut);
        chars.insert(0, '…');
        column = column - cut + 1;
    }
    if chars.len() > WIDEST {
        chars.truncate(WIDEST);
        chars.push('…');
    }
    let carets = length.max(1).min(chars.len().saturating_sub(column).max(1));
    let line: String = chars.into_iter().collect();
    format!("    {}\n    {}{}\n", line.trim_end(), " ".repeat(column), "^".repeat(carets))
}

/// The place the parser names in its message.
fn located(message: &str, sql: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.split_once("at Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let line = line.parse::<usize>().ok()?.checked_sub(1)?;
    let column = rest.get(..digits)?.parse::<usize>().ok()?.checked_sub(1)?;
    let start: usize = sql.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = sql.get(start..)?;
    let offset = rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset);
    let start = start + offset;
    Some((start, word(sql.get(start..)?)))
}

/// The place of what a refusal names, if the text has it once.
fn named(sql: &str, construct: &str) -> Option<(usize, usize)> {
    let (_, rest) = construct.split_once('`')?;
    let name = rest.split(['`', '…']).next()?.trim();
    let text = sql.to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = text.match_indices(&name).filter(|(at, _)| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|text| text.chars().next());
        !name.is_empty() && !before.is_some_and(is_word) && !after.is_some_and(is_word)
    });
    let (first, _) = places.next()?;
    if places.next().is_some() { None } else { Some((first, name.chars().count())) }
}

/// How long the word is that a text begins with.
fn word(text: &str) -> usize {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_underlined() {
        let sql = "SELECT id\n  FROM userz WHERE id = ?";
        let shown = show(sql, "no", "the table `userz`");
        assert_eq!(shown, "no\n\n    FROM userz WHERE id = ?\n         ^^^^^\n");
        let shown = show(sql, "Expected x at Line: 2, Column: 3", "a statement");
        assert!(shown.ends_with("    FROM userz WHERE id = ?\n    ^^^^\n"), "{shown}");
        let twice = show("SELECT a FROM a", "no", "the table `a`");
        assert_eq!(twice, "no\n\n    SELECT a FROM a\n");
    }

    #[test]
    fn long_lines_are_cut() {
        let sql =
            format!("SELECT {} FROM userz WHERE {}", "a, ".repeat(60), "b = 1 AND ".repeat(20));
        let shown = show(&sql, "no", "the table `userz`");
        let lines: Vec<Vec<char>> = shown.lines().map(|line| line.chars().collect()).collect();
        let start = lines[3].iter().position(|c| *c == '^').unwrap();
        assert!(lines.iter().all(|line| line.len() < 100), "{shown}");
        assert_eq!(lines[2][start..start + 5].iter().collect::<String>(), "userz");
    }
}
