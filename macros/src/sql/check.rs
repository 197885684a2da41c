//! What was written to what is true: the scoper is asked, and its refusals become errors.

use std::borrow::Cow;

use syn::{Error, LitStr, Result};
use tenancy_core::{
    Dialect,
    catalog::{Catalog, Entity},
    scope::{
        Mode, Plan, Refusal, RefusalKind,
        fixed::{Piece, Template, plan_template, template},
    },
};

use super::{
    Found,
    model::{Statement, Watched, Written},
    parse::{Input, Text},
    report,
};
use tenancy_source::{
    keys,
    read::{File, Known, folder},
};

/// Scopes the statement for each engine.
pub(super) fn statement<'i>(
    input: &'i Input,
    engines: &[Dialect],
    found: Found,
) -> Result<Statement<'i>> {
    let texts = texts(input, engines)?;
    let Some((first, _)) = texts.first() else { return Err(no_engine(input)) };
    let (known, searched) = found.map_err(|why| Error::new(first.sql.span(), why))?;
    let context = Context { catalog: known.catalog(), known, searched };
    let (mut written, mut tables) = (Vec::new(), Vec::<Entity>::new());
    let several = texts.len() > 1;
    for (text, dialect) in texts {
        let (statement, named) =
            context.written(input, text, dialect).map_err(|error| match text.engine {
                None if several => or_restrict(&error, dialect),
                _ => error,
            })?;
        written.push(statement);
        for entity in named.iter() {
            if !tables.contains(entity) {
                tables.push(entity.clone());
            }
        }
    }
    let files = Catalog::new(tables.iter().cloned())
        .map(|tables| context.known.files_of(&tables).into_iter().map(watched).collect())
        .unwrap_or_default();
    Ok(Statement { krate: &input.krate, written, values: &input.values, tables, files })
}

/// Which text is for which engine.
fn texts<'i>(input: &'i Input, engines: &[Dialect]) -> Result<Vec<(&'i Text, Dialect)>> {
    let mut texts: Vec<(&Text, Dialect)> = Vec::new();
    for text in &input.texts {
        let Some((dialect, span)) = text.engine else {
            texts.extend(engines.iter().map(|engine| (text, *engine)));
            continue;
        };
        if !engines.contains(&dialect) {
            let feature = match dialect {
                Dialect::Sqlite => "sqlite",
                Dialect::Postgres => "postgres",
                Dialect::MySql => "mysql",
            };
            let message = format!(
                "this program does not speak {dialect}: switch on tenancy's feature `{feature}`, or \
                 remove this text"
            );
            return Err(Error::new(span, message));
        }
        if texts.iter().any(|(_, known)| *known == dialect) {
            return Err(Error::new(span, format!("there are two texts for {dialect}; keep one")));
        }
        texts.push((text, dialect));
    }
    Ok(texts)
}

fn no_engine(input: &Input) -> Error {
    let span = input.texts.first().map_or_else(proc_macro2::Span::call_site, |it| it.sql.span());
    Error::new(span, "no engine is on: switch on tenancy's feature `sqlite`, `postgres` or `mysql`")
}

/// Says which of several engines an error is about, and how to leave it out.
fn or_restrict(error: &Error, dialect: Dialect) -> Error {
    let message = format!(
        "for {dialect}: {error}\n    A text for all engines must suit each whose feature is on. \
         Write `sqlite: \"…\"`, `postgres: \"…\"` or\n    `mysql: \"…\"` for one of them; several can \
         stand side by side, with commas between.\n"
    );
    Error::new(error.span(), message)
}

struct Context {
    known: Known,
    catalog: Catalog,
    searched: Vec<String>,
}

impl Context {
    /// A statement for one engine, and the tables it names.
    fn written(&self, input: &Input, text: &Text, dialect: Dialect) -> Result<(Written, Catalog)> {
        let sql = text.sql.value();
        let refuse = |refusal: &Refusal| {
            let note = self.note(refusal);
            Error::new(text.sql.span(), report::refusal(&sql, refusal, &note))
        };
        let mut template = template(&sql, dialect).map_err(|refusal| refuse(&refusal))?;
        values(input, &text.sql, &mut template)?;
        let plan = |catalog: &Catalog, mode: &Mode| plan_template(&template, catalog, mode);
        let first = plan(&self.catalog, &Mode::Rows).map_err(|refusal| refuse(&refusal))?;
        // A plan is carried out if the tables it names are the same then. So it must not depend on
        // any other.
        let named = self.named(&first);
        let rows = plan(&named, &Mode::Rows).map_err(|refusal| refuse(&refusal))?;
        let mode = match dialect {
            Dialect::Sqlite => Mode::Prefix,
            Dialect::Postgres | Dialect::MySql => Mode::Schema { shared: None },
        };
        let placed = plan(&named, &mode).ok();
        Ok((Written { template, rows, placed }, named))
    }

    /// The tables a plan names.
    fn named(&self, plan: &Plan) -> Catalog {
        let is_named = |entity: &&Entity| plan.uses().iter().any(|it| it.table == entity.table);
        Catalog::new(self.catalog.iter().filter(is_named).cloned()).unwrap_or_default()
    }

    /// What the macro has to add to a refusal.
    fn note(&self, refusal: &Refusal) -> String {
        if refusal.kind() == RefusalKind::Function {
            return "\n    functions you allow are known when the program runs: run the statement as a \
                    text"
                .into();
        }
        if refusal.construct().starts_with("a list of values") {
            return "\n    `..list` gives the values of `IN (?)`; write one value without `..`"
                .into();
        }
        self.missing(refusal)
    }

    /// Where tables are looked for, if one was not found.
    fn missing(&self, refusal: &Refusal) -> String {
        let table = refusal.construct().strip_prefix("the table `");
        let Some(table) = table.and_then(|rest| rest.strip_suffix('`')) else {
            return String::new();
        };
        let table = table.rsplit('.').next().unwrap_or(table);
        let known = self.catalog.iter().any(|it| it.table.eq_ignore_ascii_case(table));
        if refusal.kind() != RefusalKind::Table || known {
            return String::new();
        }
        if let Some(doubt) = self.known.doubt(table) {
            return format!("\n    {doubt}");
        }
        let near = match keys::nearest(table, self.known.names()) {
            Some(near) => format!("\n    did you mean `{near}`?"),
            None => String::new(),
        };
        format!(
            "{near}\n    entities were looked for in {}; name other folders in Cargo.toml, below\n    \
             `[package.metadata.tenancy]`, as `entities = [\"src\", \"../entity/src\"]`",
            self.searched.join(" and ")
        )
    }
}

/// As many values as places, and lists where they can stand.
fn values(input: &Input, sql: &LitStr, template: &mut Template) -> Result<()> {
    let (expected, given) = (template.slots, input.values.len());
    if expected != given {
        let places = if expected == 1 { "1 place" } else { &format!("{expected} places") };
        let message = format!(
            "the statement has {places} for values, and {given} {} given",
            if given == 1 { "is" } else { "are" }
        );
        return Err(Error::new(sql.span(), report::show(&sql.value(), &message, "")));
    }
    let used = |slot: &usize| template.pieces.contains(&Piece::Slot(*slot));
    if let Some(unused) = (0..expected).find(|slot| !used(slot)) {
        let message = format!("the value `${}` is not used", unused + 1);
        return Err(Error::new(sql.span(), report::show(&sql.value(), &message, "")));
    }
    let lists = input.values.iter().enumerate().filter(|(_, value)| value.is_list);
    template.lists = Cow::Owned(lists.map(|(slot, _)| slot).collect());
    Ok(())
}

/// How the compiler finds a file again.
fn watched(file: &File) -> Watched {
    match folder::relative(&file.path) {
        Some(path) => Watched::Relative(format!("/{path}")),
        None => Watched::Absolute(file.path.display().to_string()),
    }
}
