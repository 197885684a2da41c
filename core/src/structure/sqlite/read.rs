//! What SQLite keeps of a place: the statements that made it, which every `ALTER` brings up to date.

use serde_json::{Value, json};

use super::{
    super::{Column, Constraint, ConstraintKind, Fact, Generated, Misread, Position, Reference},
    HERE,
    token::{Token, text, tokens},
};

/// The facts of one row of `sqlite_schema`.
///
/// `prefix` is what the names of the place begin with, or nothing; rows of other places are the
/// caller's to leave out.
///
/// # Errors
///
/// [`Misread`] if the statement is not understood: a virtual table, say.
pub fn facts(
    kind: &str,
    name: &str,
    table: &str,
    sql: &str,
    prefix: &str,
) -> Result<Vec<Fact>, Misread> {
    let misread = |why: &str| Misread::new(format!("the {kind} `{name}`: {why}"));
    let bare = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    let all = tokens(sql, prefix).map_err(|why| misread(&why))?;
    let fact = |kind: &str, table: &str, body: Value| Fact {
        kind: kind.to_owned(),
        table: bare(table),
        name: bare(name),
        position: 0,
        body,
    };
    match kind {
        "table" => read_table(&bare(name), &all).map_err(|why| misread(&why)),
        "index" => {
            let at =
                all.iter().position(|it| it.is_sign("(")).ok_or_else(|| misread("no columns"))?;
            let unique = all.iter().take(3).any(|it| it.is("UNIQUE"));
            let close = closing(&all, at).ok_or_else(|| misread("it ends in parentheses"))?;
            let columns: Vec<&str> = split(&all[at + 1..close])
                .into_iter()
                .filter_map(|part| part.first()?.name())
                .collect();
            let body =
                json!({ "unique": unique, "columns": columns, "definition": text(&all[at..]) });
            Ok(vec![fact("index", table, body)])
        }
        "trigger" => {
            // The head names the trigger, which the file has once more as its row's name.
            let body = all.iter().position(|it| it.is("TRIGGER")).unwrap_or(0);
            let rest = skip_if_not_exists(&all[body + 1..]);
            let statement = format!(
                "CREATE TRIGGER {} {}",
                HERE.name(&bare(name)),
                trigger(&rest[1.min(rest.len())..])
            );
            Ok(vec![fact("trigger", table, Value::from(statement))])
        }
        "view" => {
            let at = all.iter().position(|it| it.is("VIEW")).unwrap_or(0);
            let rest = skip_if_not_exists(&all[at + 1..]);
            let body = json!({ "definition": text(&rest[1.min(rest.len())..]) });
            Ok(vec![fact("view", "", body)])
        }
        other => Err(misread(&format!("a kind that is not known: {other}"))),
    }
}

/// Statements inside of a trigger stay apart.
fn trigger(tokens: &[Token]) -> String {
    text(tokens).replace(" ;", ";")
}

fn skip_if_not_exists(tokens: &[Token]) -> &[Token] {
    match tokens {
        [a, b, c, rest @ ..] if a.is("IF") && b.is("NOT") && c.is("EXISTS") => rest,
        all => all,
    }
}

fn read_table(name: &str, all: &[Token]) -> Result<Vec<Fact>, String> {
    if all.get(1).is_some_and(|it| it.is("VIRTUAL")) {
        return Err(
            "it is a virtual table, whose module alone knows what it is made of; leave it out"
                .to_owned(),
        );
    }
    let open = all.iter().position(|it| it.is_sign("(")).ok_or("it has no columns")?;
    let close = closing(all, open).ok_or("a parenthesis is never closed")?;
    let options = text(&all[close + 1..]);
    let options = (!options.is_empty()).then_some(options);
    let fact = |kind: &str, table: &str, name: String, position: u32, body: Value| Fact {
        kind: kind.to_owned(),
        table: table.to_owned(),
        name,
        position,
        body,
    };
    let mut facts = vec![fact("table", "", name.to_owned(), 0, json!({ "options": options }))];
    let mut constraints: Vec<(Option<String>, Constraint)> = Vec::new();
    for (position, part) in split(&all[open + 1..close]).into_iter().enumerate() {
        let first = part.first().ok_or("two commas follow each other")?;
        let of_table = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
        if of_table.iter().any(|keyword| first.is(keyword)) {
            let mut at = 0;
            while at < part.len() {
                constraints.push(constraint(part, &mut at, None)?);
            }
            continue;
        }
        let column = first.name().ok_or("a column has no name")?.to_owned();
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        let body = read_column(&column, part, position, &mut constraints)?;
        let body = serde_json::to_value(body).map_err(|error| error.to_string())?;
        facts.push(fact("column", name, column, position, body));
    }
    for (own, it) in constraints {
        let key = own.unwrap_or_else(|| super::super::sql::constraint(HERE, "", &it));
        let body = serde_json::to_value(it).map_err(|error| error.to_string())?;
        facts.push(fact("constraint", name, key, 0, body));
    }
    Ok(facts)
}

const OF_COLUMN: [&str; 10] = [
    "CONSTRAINT",
    "PRIMARY",
    "NOT",
    "NULL",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "COLLATE",
    "REFERENCES",
    "GENERATED",
];

fn read_column(
    name: &str,
    part: &[Token],
    position: u32,
    constraints: &mut Vec<(Option<String>, Constraint)>,
) -> Result<Column, String> {
    let begins = |it: &Token| OF_COLUMN.iter().any(|keyword| it.is(keyword)) || it.is("AS");
    let mut at = part.iter().skip(1).position(begins).map_or(part.len(), |at| at + 1);
    let mut column = Column {
        position: Position(position),
        kind: text(&part[1..at]).to_ascii_lowercase(),
        ..Column::default()
    };
    while let Some(token) = part.get(at) {
        if token.is("NOT") {
            column.not_null = true;
            at += 2;
            at = past_conflict(part, at);
        } else if token.is("NULL") {
            at += 1;
        } else if token.is("DEFAULT") {
            let end = if part.get(at + 1).is_some_and(|it| it.is_sign("(")) {
                closing(part, at + 1).ok_or("a default never ends")? + 1
            } else if part.get(at + 1).is_some_and(|it| it.is_sign("-") || it.is_sign("+")) {
                at + 3
            } else {
                at + 2
            };
            column.default = Some(text(part.get(at + 1..end).ok_or("a default is missing")?));
            at = end;
        } else if token.is("COLLATE") {
            column.collation = part.get(at + 1).map(|it| text(std::slice::from_ref(it)));
            at += 2;
        } else if token.is("GENERATED") || token.is("AS") {
            let open =
                part[at..].iter().position(|it| it.is_sign("(")).ok_or("no expression")? + at;
            let close = closing(part, open).ok_or("an expression never ends")?;
            let from = text(&part[open + 1..close]);
            let stored = part.get(close + 1).is_some_and(|it| it.is("STORED"));
            let said = stored || part.get(close + 1).is_some_and(|it| it.is("VIRTUAL"));
            column.generated =
                Some(if stored { Generated::Stored(from) } else { Generated::Virtual(from) });
            at = close + 1 + usize::from(said);
        } else {
            let (own, it) = constraint(part, &mut at, Some((name, &mut column)))?;
            constraints.push((own, it));
        }
    }
    Ok(column)
}

fn past_conflict(part: &[Token], at: usize) -> usize {
    match part.get(at..at + 3) {
        Some([on, conflict, _]) if on.is("ON") && conflict.is("CONFLICT") => at + 3,
        _ => at,
    }
}

/// Reads one constraint. One of a column becomes the table's, which means the same.
fn constraint(
    part: &[Token],
    at: &mut usize,
    mut column: Option<(&str, &mut Column)>,
) -> Result<(Option<String>, Constraint), String> {
    let mut own = None;
    if part.get(*at).is_some_and(|it| it.is("CONSTRAINT")) {
        own = Some(
            part.get(*at + 1).and_then(Token::name).ok_or("a constraint has no name")?.to_owned(),
        );
        *at += 2;
    }
    let Some(first) = part.get(*at) else { return Err("a constraint is cut off".to_owned()) };
    let of_column: Vec<String> = column.iter().map(|(name, _)| (*name).to_owned()).collect();
    let here = |at: &mut usize| -> Result<Vec<String>, String> {
        if !part.get(*at).is_some_and(|it| it.is_sign("(")) {
            return Ok(Vec::new());
        }
        let close = closing(part, *at).ok_or("a parenthesis is never closed")?;
        let names = split(&part[*at + 1..close]);
        *at = close + 1;
        Ok(names.iter().filter_map(|it| Some(it.first()?.name()?.to_owned())).collect())
    };
    let named = own.is_some();
    let it = if first.is("PRIMARY") || first.is("UNIQUE") {
        let primary = first.is("PRIMARY");
        *at += if primary { 2 } else { 1 };
        let start = *at;
        let (columns, list) = if column.is_some() {
            if part.get(*at).is_some_and(|it| it.is("ASC") || it.is("DESC")) {
                *at += 1;
            }
            let names: Vec<Token> =
                of_column.iter().map(|it| Token::Word(it.clone(), true)).collect();
            (of_column, format!("({})", text(&names)))
        } else {
            let columns = here(at)?;
            (columns, text(&part[start..*at]))
        };
        let conflict = *at;
        *at = past_conflict(part, *at);
        let conflict = text(&part[conflict..*at]);
        if part.get(*at).is_some_and(|it| it.is("AUTOINCREMENT")) {
            *at += 1;
            if let Some((_, column)) = &mut column {
                column.generated = Some(Generated::Counted);
            }
        }
        let (kind, word) = if primary {
            (ConstraintKind::Primary, "PRIMARY KEY")
        } else {
            (ConstraintKind::Unique, "UNIQUE")
        };
        let definition = format!("{word} {list} {conflict}").trim_end().to_owned();
        Constraint { kind, columns, references: None, definition, named }
    } else if first.is("CHECK") {
        let close = closing(part, *at + 1).ok_or("a check never ends")?;
        let inside = &part[*at + 1..=close];
        *at = close + 1;
        Constraint {
            kind: ConstraintKind::Check,
            columns: Vec::new(),
            references: None,
            definition: format!("CHECK {}", text(inside)),
            named,
        }
    } else if first.is("FOREIGN") || first.is("REFERENCES") {
        let columns = if first.is("FOREIGN") {
            *at += 2;
            here(at)?
        } else {
            of_column
        };
        *at += 1;
        let table =
            part.get(*at).and_then(Token::name).ok_or("a foreign key points nowhere")?.to_owned();
        *at += 1;
        let target = here(at)?;
        let start = *at;
        let ends = |it: &Token| {
            OF_COLUMN
                .iter()
                .any(|keyword| !matches!(*keyword, "NOT" | "NULL" | "DEFAULT") && it.is(keyword))
        };
        while let Some(token) = part.get(*at) {
            let after_set = part.get(*at - 1).is_some_and(|it| it.is("SET"));
            let deferrable = part.get(*at + 1).is_some_and(|it| it.is("DEFERRABLE"));
            let other = (token.is("NOT") && !deferrable)
                || ((token.is("NULL") || token.is("DEFAULT")) && !after_set);
            if ends(token) || other {
                break;
            }
            *at += 1;
        }
        Constraint {
            kind: ConstraintKind::Foreign,
            columns,
            references: Some(Reference { schema: None, table, columns: target }),
            definition: text(&part[start..*at]),
            named,
        }
    } else {
        return Err(format!("`{}` is not understood", text(&part[*at..])));
    };
    Ok((own, it))
}

/// Where the parenthesis at a place is closed.
fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The parts between commas, outside of parentheses.
fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, token) in tokens.iter().enumerate() {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth -= 1;
        } else if depth == 0 && token.is_sign(",") {
            parts.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    parts.push(&tokens[start..]);
    parts
}
