//! What a reader says: one fact for each thing in a place.

use std::{error, fmt};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Column, Structure, Table};

/// One thing in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// `enum`, `sequence`, `function`, `table`, `column`, `constraint`, `index`, `policy`, `trigger`
    /// or `view`.
    pub kind: String,
    /// The table it belongs to; empty for what belongs to none, and for tables themselves.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Where it stands among others, for columns.
    pub position: u32,
    /// What it is, as the type of its kind is serialised.
    pub body: Value,
}

/// A fact that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread(String);

impl Misread {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Misread {}

pub(super) fn assemble(facts: impl IntoIterator<Item = Fact>) -> Result<Structure, Misread> {
    let mut structure = Structure::default();
    let mut parts = Vec::new();
    for fact in facts {
        match fact.kind.as_str() {
            "enum" => drop(structure.enums.insert(fact.name.clone(), body(fact)?)),
            "sequence" => drop(structure.sequences.insert(fact.name.clone(), body(fact)?)),
            "function" => drop(structure.functions.insert(fact.name.clone(), body(fact)?)),
            "view" => drop(structure.views.insert(fact.name.clone(), body(fact)?)),
            "table" => drop(structure.tables.insert(fact.name.clone(), body(fact)?)),
            _ => parts.push(fact),
        }
    }
    for fact in parts {
        let (owner, name) = (fact.table.clone(), fact.name.clone());
        // Views have triggers and columns too; only tables' are of interest.
        let Some(table) = structure.tables.get_mut(&owner) else {
            if structure.views.contains_key(&owner) {
                continue;
            }
            return Err(Misread(format!(
                "the {} `{name}` belongs to `{owner}`, which is no table",
                fact.kind
            )));
        };
        part(table, fact)?;
    }
    Ok(structure)
}

fn part(table: &mut Table, fact: Fact) -> Result<(), Misread> {
    let name = fact.name.clone();
    match fact.kind.as_str() {
        "column" => {
            let position = fact.position;
            let mut column: Column = body(fact)?;
            column.position.0 = position;
            table.columns.insert(name, column);
        }
        "constraint" => drop(table.constraints.insert(name, body(fact)?)),
        "index" => drop(table.indexes.insert(name, body(fact)?)),
        "policy" => drop(table.policies.insert(name, body(fact)?)),
        "trigger" => drop(table.triggers.insert(name, body(fact)?)),
        other => {
            return Err(Misread(format!("`{name}` is of a kind that is not known: `{other}`")));
        }
    }
    Ok(())
}

fn body<T: DeserializeOwned>(fact: Fact) -> Result<T, Misread> {
    let Fact { kind, name, body, .. } = fact;
    serde_json::from_value(body).map_err(|error| Misread(format!("the {kind} `{name}`: {error}")))
}
