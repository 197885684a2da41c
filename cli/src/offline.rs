//! `--sql`: what would be done, as a script for somebody else to run.

use std::collections::BTreeSet;

use serde_json::json;
use tenancy::migrate::{Direction, Graph, RevisionId, Step};
use tenancy_core::{
    Dialect,
    revision::{Change, Revision, split},
};

use crate::output::{Failure, Output, failed};

/// What a script is for.
pub(crate) struct Offline<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) dialect: Dialect,
    /// The name of the table of heads.
    pub(crate) table: &'a str,
    /// The schema it is to run in, if that is known.
    pub(crate) schema: Option<&'a str>,
}

impl Offline<'_> {
    /// The way up: `b` from the base, or `a:b`.
    pub(crate) fn upgrade(&self, asked: &str) -> Result<Vec<Step>, Failure> {
        let (from, to) = self.range(asked)?;
        self.graph.upgrade(&from, to).map_err(failed)
    }

    /// The way down: always `a:b`, since nobody says where the database is.
    pub(crate) fn downgrade(&self, asked: &str) -> Result<Vec<Step>, Failure> {
        if !asked.contains(':') {
            return Err(Failure::Usage(
                "downgrade with --sql requires <fromrev>:<torev>".to_owned(),
            ));
        }
        let (from, to) = self.range(asked)?;
        self.graph.downgrade(&from, to).map_err(failed)
    }

    /// Where a database is said to be.
    pub(crate) fn stamp(&self, asked: &[String]) -> Result<Vec<Step>, Failure> {
        let (mut from, mut to) = (BTreeSet::new(), Vec::new());
        for asked in asked {
            let (start, end) = self.range(asked)?;
            from.extend(start);
            to.push(end);
        }
        self.graph.stamp(&from, &to).map_err(failed)
    }

    fn range<'t>(&self, asked: &'t str) -> Result<(BTreeSet<RevisionId>, &'t str), Failure> {
        match asked.split_once(':') {
            None => Ok((BTreeSet::new(), asked)),
            Some((from, to)) => {
                let from = self.graph.find(from).map_err(failed)?;
                Ok((from.into_iter().collect(), to))
            }
        }
    }

    /// Writes the script; what it does is told beside it.
    pub(crate) fn write(&self, output: &mut Output<'_>, steps: &[Step]) -> Result<(), Failure> {
        let script = self.script(steps)?;
        if output.json {
            let told: Vec<_> = steps.iter().map(ToString::to_string).collect();
            return output.value(&json!({ "steps": told, "sql": script }));
        }
        output.print(&script)?;
        for step in steps {
            output.note(&format!("Running {step}"));
        }
        Ok(())
    }

    fn script(&self, steps: &[Step]) -> Result<String, Failure> {
        // MySQL and MariaDB end a transaction with each statement that changes a structure.
        let can = self.dialect != Dialect::MySql;
        let mut script = String::new();
        let mut open = false;
        let from_base = steps
            .first()
            .is_some_and(|step| step.direction != Direction::Downgrade && before(step).is_empty());
        for (place, step) in steps.iter().enumerate() {
            let revision = step.revision.as_ref().and_then(|id| self.graph.get(id));
            let revision = revision.map(|node| &node.revision);
            let together = can && revision.is_none_or(|revision| revision.transaction);
            if open != together {
                script.push_str(if together { "BEGIN;\n\n" } else { "COMMIT;\n\n" });
                open = together;
                if open && let Some(schema) = self.schema.filter(|_| self.is_postgres()) {
                    let schema = self.quoted(schema);
                    script.push_str(&format!("SET LOCAL search_path = {schema};\n\n"));
                }
            }
            if place == 0 && from_base {
                script.push_str(&self.create());
            }
            script.push_str(&self.step(step, revision)?);
        }
        if open {
            script.push_str("COMMIT;\n\n");
        }
        Ok(script)
    }

    fn step(&self, step: &Step, revision: Option<&Revision>) -> Result<String, Failure> {
        let mut bare = step.clone();
        bare.message.clear();
        let mut script = format!("-- Running {bare}\n\n");
        if let Some(revision) = revision {
            self.body(&mut script, step.direction, revision)?;
        }
        for change in &step.changes {
            script.push_str(&self.change(change));
        }
        Ok(script)
    }

    fn body(
        &self,
        script: &mut String,
        direction: Direction,
        revision: &Revision,
    ) -> Result<(), Failure> {
        let Revision { id, source, .. } = revision;
        let refuse = |why: &str| Err(Failure::Failed(format!("revision {id} {why} ({source})")));
        if revision.code.is_some() {
            return refuse("runs Rust code, which no script can");
        }
        let up = direction == Direction::Upgrade;
        if !up && let Some(why) = &revision.irreversible {
            return refuse(&format!("cannot be undone: {why}"));
        }
        let scripts = if up { &revision.upgrade } else { &revision.downgrade };
        let verify = revision.verify.of(self.dialect).filter(|_| up);
        let own = scripts.of(self.dialect);
        if own.is_none() && revision.down.len() < 2 {
            let section = if up { "upgrade" } else { "downgrade" };
            return refuse(&format!("has no section `-- +{section}` for {}", self.dialect));
        }
        for (part, comment) in [(own, ""), (verify, "-- This must find nothing.\n")] {
            let Some(part) = part else { continue };
            for piece in split(self.dialect, &part.sql).map_err(failed)? {
                script.push_str(&format!("{comment}{};\n\n", piece.sql));
            }
        }
        Ok(())
    }

    fn is_postgres(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    fn quoted(&self, name: &str) -> String {
        let quote = self.dialect.quote();
        let doubled = name.replace(quote, &format!("{quote}{quote}"));
        format!("{quote}{doubled}{quote}")
    }

    /// A name of a table, in quotes where it needs them.
    fn table(&self) -> String {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        match self.table.chars().all(plain) && !self.table.starts_with(|c: char| c.is_ascii_digit())
        {
            true => self.table.to_owned(),
            false => self.quoted(self.table),
        }
    }

    fn create(&self) -> String {
        let table = self.table();
        format!(
            "CREATE TABLE {table} (\n    version_num VARCHAR(32) NOT NULL,\n    CONSTRAINT {} PRIMARY KEY \
             (version_num)\n);\n\n",
            if table == self.table {
                format!("{table}_pkc")
            } else {
                self.quoted(&format!("{}_pkc", self.table))
            }
        )
    }

    fn change(&self, change: &Change) -> String {
        let table = self.table();
        // Names of revisions have no quotes in them.
        match change {
            Change::Insert(id) => format!("INSERT INTO {table} (version_num) VALUES ('{id}');\n\n"),
            Change::Delete(id) => {
                format!("DELETE FROM {table} WHERE {table}.version_num = '{id}';\n\n")
            }
            Change::Update { from, to } => format!(
                "UPDATE {table} SET version_num='{to}' WHERE {table}.version_num = '{from}';\n\n"
            ),
        }
    }
}

/// The heads before a step.
fn before(step: &Step) -> BTreeSet<RevisionId> {
    let mut heads = step.heads.clone();
    for change in step.changes.iter().rev() {
        match change {
            Change::Insert(id) => {
                heads.remove(id);
            }
            Change::Delete(id) => {
                heads.insert(id.clone());
            }
            Change::Update { from, to } => {
                heads.remove(to);
                heads.insert(from.clone());
            }
        }
    }
    heads
}
