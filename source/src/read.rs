//! The entities in source text, read as the macros and SeaORM's derives will read them.
//!
//! Nothing here opens a file but [`folder`].

mod entity;
mod expanded;
pub mod folder;

use std::collections::BTreeMap;

use syn::Item;
use tenancy_core::{
    catalog::{Catalog, Entity},
    policy::Rule,
};

pub use self::entity::UNCLASSIFIED;

/// What a struct says of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name in the database.
    pub name: String,
    /// The schema the author placed it in.
    pub schema: Option<String>,
    /// The table, or why it is not one that statements may name.
    pub entity: Result<Entity, &'static str>,
    /// What row security must know of it: the same, and of SeaORM's expanded format at least the
    /// tenant column.
    pub secured: Option<Entity>,
    /// Its further policies.
    pub rules: Vec<Rule>,
    /// Whether its changes are recorded.
    pub audited: bool,
}

/// A file, as far as it is of interest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The path, as messages show it.
    pub name: String,
    /// The path, for the compiler.
    pub path: std::path::PathBuf,
    /// The tables its entities describe.
    pub tables: Vec<Table>,
    /// Whether it is the file a macro is used in.
    pub own: bool,
}

/// The tables in a source text, those in modules included. What is no Rust is the compiler's to
/// report.
pub fn tables(text: &str) -> Vec<Table> {
    let mut found = Vec::new();
    if let Ok(file) = syn::parse_file(text) {
        collect(&file.items, &mut found);
    }
    found
}

fn collect(items: &[Item], found: &mut Vec<Table>) {
    for item in items {
        match item {
            Item::Mod(module) => {
                let items = module.content.as_ref().map(|(_, items)| items);
                collect(items.map_or(&[][..], Vec::as_slice), found);
            }
            Item::Struct(item) if item.ident == "Model" => {
                found.extend(entity::read(item).or_else(|| expanded::read(item, items)));
            }
            _ => {}
        }
    }
}

/// All tables known where a macro is used.
#[derive(Debug)]
pub struct Known {
    files: Vec<File>,
}

impl Known {
    /// The tables in these files.
    #[must_use]
    pub fn new(files: Vec<File>) -> Self {
        Self { files }
    }

    /// The names of all tables that statements may name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let tables = self.files.iter().flat_map(|file| &file.tables);
        tables.filter(|table| table.entity.is_ok()).map(|table| table.name.as_str())
    }

    /// The entities of each table. One in the file of the macro itself stands before all others:
    /// tests and examples are programs of their own, which often declare the same tables.
    fn groups(&self) -> Vec<Vec<(&File, &Table)>> {
        let mut groups: BTreeMap<_, Vec<(&File, &Table)>> = BTreeMap::new();
        for file in &self.files {
            for table in &file.tables {
                let key = (table.schema.as_deref(), table.name.as_str());
                groups.entry(key).or_default().push((file, table));
            }
        }
        for group in groups.values_mut() {
            if group.iter().any(|(file, _)| file.own) {
                group.retain(|(file, _)| file.own);
            }
            // One that is not classified does not come into the catalog, and harms no other.
            if group.iter().any(|(_, table)| table.entity.is_ok()) {
                group.retain(|(_, table)| table.entity != Err(entity::UNCLASSIFIED));
            }
        }
        groups.into_values().collect()
    }

    /// The tables about which there is no doubt.
    pub fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::default();
        for group in self.groups() {
            let entities: Option<Vec<Entity>> =
                group.into_iter().map(|(_, table)| table.entity.clone().ok()).collect();
            let Some(entities) = entities else { continue };
            let wider = catalog.iter().cloned().chain(entities);
            // Two spellings of one name, or two classifications: neither is taken.
            if let Ok(wider) = Catalog::new(wider) {
                catalog = wider;
            }
        }
        for table in self.files.iter().flat_map(|file| &file.tables).filter(|it| it.audited) {
            if let Ok(entity) = &table.entity {
                // One that names a schema is the macro's to refuse.
                let _ = catalog.add_audit(entity);
            }
        }
        catalog
    }

    /// Why there is doubt about a table.
    pub fn doubt(&self, name: &str) -> Option<String> {
        let alike = |file: &File| file.tables.iter().any(|it| it.name.eq_ignore_ascii_case(name));
        let files: Vec<&File> = self.files.iter().filter(|file| alike(file)).collect();
        let tables = files.iter().flat_map(|file| file.tables.iter().map(move |it| (file, it)));
        let mut tables = tables.filter(|(_, table)| table.name.eq_ignore_ascii_case(name));
        let unread = tables.find_map(|(file, table)| Some((file, table.entity.as_ref().err()?)));
        match (unread, files.as_slice()) {
            (Some((file, why)), _) => Some(format!("its entity in `{}` {why}", file.name)),
            (None, [first, .., last]) => Some(format!(
                "the entities in `{}` and `{}` describe it differently",
                first.name, last.name
            )),
            (None, _) => None,
        }
    }

    /// The files that describe these tables, for the compiler to watch.
    pub fn files_of(&self, catalog: &Catalog) -> Vec<&File> {
        let names = |table: &Table| catalog.iter().any(|entity| entity.table == table.name);
        self.files.iter().filter(|file| !file.own && file.tables.iter().any(names)).collect()
    }
}

#[cfg(test)]
mod tests;
