//! What `SHOW CREATE TABLE` says, which has one line for each thing.

use serde_json::json;

use super::super::{
    Column, Constraint, ConstraintKind, Fact, Generated, Index, Misread, Position, Reference,
};

/// The facts of one table, from the text of `SHOW CREATE TABLE`.
///
/// # Errors
///
/// [`Misread`] if a line is not understood.
pub fn facts(table: &str, sql: &str) -> Result<Vec<Fact>, Misread> {
    let misread =
        |line: &str| Misread::new(format!("the table `{table}`: `{line}` is not understood"));
    let mut facts = Vec::new();
    let mut lines = sql.lines().skip(1);
    let mut options = String::new();
    for (at, line) in lines.by_ref().enumerate() {
        if let Some(rest) = line.strip_prefix(')') {
            options = rest.trim().to_owned();
            break;
        }
        let words = Words::of(line.trim().trim_end_matches(','));
        let position = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let (kind, name, body) = part(&words).ok_or_else(|| misread(line))?;
        facts.push(Fact { kind: kind.to_owned(), table: table.to_owned(), name, position, body });
    }
    for line in lines {
        options.push(' ');
        options.push_str(line.trim());
    }
    let mut comment = None;
    let mut kept = Vec::new();
    let words = Words::of(&options).0;
    for word in &words {
        if let Some(text) = word.strip_prefix("COMMENT=") {
            comment = Some(unquoted(text));
        } else if !word.starts_with("AUTO_INCREMENT=") {
            kept.push(word.as_str());
        }
    }
    let options = kept.join(" ");
    let body = json!({ "comment": comment, "options": (!options.is_empty()).then_some(options) });
    facts.push(Fact {
        kind: "table".to_owned(),
        table: String::new(),
        name: table.to_owned(),
        position: 0,
        body,
    });
    Ok(facts)
}

type Part = (&'static str, String, serde_json::Value);

fn part(words: &Words) -> Option<Part> {
    let first = words.0.first()?;
    let word = |at: usize| words.0.get(at).map(String::as_str);
    let all = |from: usize| words.0.get(from..).unwrap_or_default().join(" ");
    let keys = |at: usize| word(at).map(columns).unwrap_or_default();
    match (first.as_str(), word(1)) {
        (name, _) if name.starts_with('`') => {
            let column = column(&unquoted(name), &words.0[1..])?;
            Some(("column", unquoted(name), serde_json::to_value(column).ok()?))
        }
        ("PRIMARY", _) => {
            let it = Constraint {
                kind: ConstraintKind::Primary,
                columns: keys(2),
                references: None,
                definition: all(0),
                named: true,
            };
            Some(("constraint", "PRIMARY".to_owned(), serde_json::to_value(it).ok()?))
        }
        ("CONSTRAINT", Some(name)) => {
            let it = match word(2)? {
                "FOREIGN" => {
                    let (schema, table) = target(word(6)?);
                    let rest = words.0.get(8..).unwrap_or_default();
                    // The default of both, which one of the two spells out.
                    let definition = rest.join(" ").replace("ON DELETE NO ACTION", "");
                    Constraint {
                        kind: ConstraintKind::Foreign,
                        columns: keys(4),
                        references: Some(Reference { schema, table, columns: keys(7) }),
                        definition: definition.replace("ON UPDATE NO ACTION", "").trim().to_owned(),
                        named: true,
                    }
                }
                "CHECK" => Constraint {
                    kind: ConstraintKind::Check,
                    columns: Vec::new(),
                    references: None,
                    definition: all(2),
                    named: true,
                },
                _ => return None,
            };
            Some(("constraint", unquoted(name), serde_json::to_value(it).ok()?))
        }
        _ => {
            let (unique, kind, at) = match (first.as_str(), word(1)) {
                ("UNIQUE", Some("KEY")) => (true, "", 2),
                ("FULLTEXT", Some("KEY")) => (false, "FULLTEXT ", 2),
                ("SPATIAL", Some("KEY")) => (false, "SPATIAL ", 2),
                ("KEY", _) => (false, "", 1),
                _ => return None,
            };
            let it = Index {
                unique,
                columns: keys(at + 1),
                definition: format!("{kind}{}", all(at + 1)),
                invalid: false,
            };
            Some(("index", unquoted(word(at)?), serde_json::to_value(it).ok()?))
        }
    }
}

fn column(name: &str, words: &[String]) -> Option<Column> {
    let ends = |word: &String| {
        matches!(
            word.as_str(),
            "CHARACTER"
                | "COLLATE"
                | "NOT"
                | "NULL"
                | "DEFAULT"
                | "AUTO_INCREMENT"
                | "ON"
                | "COMMENT"
                | "GENERATED"
                | "AS"
                | "CHECK"
                | "INVISIBLE"
                | "STORED"
                | "VIRTUAL"
        ) || word.starts_with("/*")
    };
    let end = words.iter().position(ends).unwrap_or(words.len());
    let mut column =
        Column { position: Position(0), kind: words[..end].join(" "), ..Column::default() };
    let mut rest = words[end..].iter().map(String::as_str).peekable();
    let mut collation = Vec::new();
    while let Some(word) = rest.next() {
        match word {
            "CHARACTER" => {
                rest.next();
                collation.push(format!("CHARACTER SET {}", rest.next()?));
            }
            "COLLATE" => collation.push(format!("COLLATE {}", rest.next()?)),
            "NOT" => {
                rest.next();
                column.not_null = true;
            }
            "NULL" => {}
            "DEFAULT" => {
                let value = rest.next()?;
                if value != "NULL" {
                    column.default = Some(value.to_owned());
                }
            }
            "ON" => {
                rest.next();
                let update = format!("ON UPDATE {}", rest.next()?);
                let default = column.default.take().unwrap_or_else(|| "NULL".to_owned());
                column.default = Some(format!("{default} {update}"));
            }
            "AUTO_INCREMENT" => column.generated = Some(Generated::Counted),
            "COMMENT" => column.comment = Some(unquoted(rest.next()?)),
            "GENERATED" => {
                rest.next();
            }
            "AS" => {
                let from = inside(rest.next()?);
                let stored = matches!(rest.next()?, "STORED" | "PERSISTENT");
                column.generated =
                    Some(if stored { Generated::Stored(from) } else { Generated::Virtual(from) });
            }
            "CHECK" => column.check = Some(inside(rest.next()?)),
            _ => return None,
        }
    }
    // What MariaDB makes of JSON.
    if column.kind == "longtext" && column.check == Some(format!("json_valid(`{name}`)")) {
        column.kind = "json".to_owned();
        column.check = None;
        collation.clear();
    }
    column.collation = (!collation.is_empty()).then(|| collation.join(" "));
    Some(column)
}

/// The words of a line: what is in quotes or parentheses belongs to the word it begins in.
struct Words(Vec<String>);

impl Words {
    fn of(line: &str) -> Self {
        let mut words = Vec::new();
        let mut word = String::new();
        let (mut depth, mut quote) = (0_usize, None);
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match (c, quote) {
                (' ', None) if depth == 0 => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    continue;
                }
                ('\\', Some('\'' | '"')) => {
                    word.push(c);
                    word.extend(chars.next());
                    continue;
                }
                (c, Some(q)) if c == q => quote = None,
                ('\'' | '"' | '`', None) => quote = Some(c),
                ('(', None) => depth += 1,
                (')', None) => depth = depth.saturating_sub(1),
                _ => {}
            }
            word.push(c);
        }
        if !word.is_empty() {
            words.push(word);
        }
        Self(words)
    }
}

/// A name or a text without its quotes.
fn unquoted(word: &str) -> String {
    let Some(quote) = word.chars().next().filter(|c| matches!(c, '`' | '\'' | '"')) else {
        return word.to_owned();
    };
    let inner = word[1..].strip_suffix(quote).unwrap_or(&word[1..]);
    let doubled = format!("{quote}{quote}");
    let text = inner.replace(&doubled, &quote.to_string());
    if quote == '`' {
        return text;
    }
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            _ => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('0') => out.push('\0'),
                Some(other) => out.push(other),
                None => {}
            },
        }
    }
    out
}

fn inside(word: &str) -> String {
    word.strip_prefix('(').and_then(|it| it.strip_suffix(')')).unwrap_or(word).to_owned()
}

/// The columns in a list, without expressions.
fn columns(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = list;
    while let Some(open) = rest.find('`') {
        let after = &rest[open..];
        let mut end = 1;
        while let Some(close) = after[end..].find('`') {
            end += close + 1;
            if !after[end..].starts_with('`') {
                break;
            }
            end += 1;
        }
        names.push(unquoted(&after[..end]));
        rest = &after[end..];
    }
    names
}

/// `` `db`.`table` `` or `` `table` ``.
fn target(word: &str) -> (Option<String>, String) {
    match columns(word).as_slice() {
        [schema, table] => (Some(schema.clone()), table.clone()),
        [table] => (None, table.clone()),
        _ => (None, word.to_owned()),
    }
}
