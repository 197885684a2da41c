//! What a program took for granted about a table when it was compiled.

use super::{Catalog, Class, Entity, KeyKind};

/// A table as it was when the program was compiled, to be compared with the catalog it runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumed {
    /// Its name.
    pub table: &'static str,
    /// The schema its entity names.
    pub schema: Option<&'static str>,
    /// Its tenant column, if its rows belong to tenants.
    pub tenant: Option<(&'static str, KeyKind)>,
    /// Whether tenants may write it.
    pub writable: bool,
    /// Its columns, in any order.
    pub columns: &'static [&'static str],
    /// Its unique keys and their columns, in any order.
    pub keys: &'static [&'static [&'static str]],
}

impl Assumed {
    /// What is different in the catalog, if anything is.
    #[must_use]
    pub fn difference(&self, catalog: &Catalog) -> Option<String> {
        let table = self.table;
        // By any dialect's rules of case there is only one.
        let mut found = catalog.iter().filter(|entity| {
            entity.table.eq_ignore_ascii_case(table)
                && match (&entity.schema, self.schema) {
                    (Some(known), Some(schema)) => known.eq_ignore_ascii_case(schema),
                    (known, schema) => known.is_none() && schema.is_none(),
                }
        });
        let what = match (found.next(), found.next()) {
            (None, _) => "is not in the catalog",
            (Some(_), Some(_)) => "is in the catalog more than once",
            (Some(entity), None) => self.differs_from(entity)?,
        };
        Some(format!("the table `{table}` {what}"))
    }

    fn differs_from(&self, entity: &Entity) -> Option<&'static str> {
        if entity.table != self.table || entity.schema.as_deref() != self.schema {
            return Some("is spelt differently");
        }
        let same_class = match (&entity.class, self.tenant) {
            (Class::Tenant { column, kind }, Some(tenant)) => (column.as_str(), *kind) == tenant,
            (Class::Shared { writable }, None) => *writable == self.writable,
            _ => false,
        };
        if !same_class {
            return Some("is classified differently");
        }
        if !same(&entity.columns, self.columns) {
            return Some("has other columns");
        }
        let known = |key: &&[&str]| entity.keys.iter().any(|other| same(other, key));
        let assumed = |key: &Vec<String>| self.keys.iter().any(|other| same(key, other));
        if !self.keys.iter().all(known) || !entity.keys.iter().all(assumed) {
            return Some("has other unique keys");
        }
        None
    }
}

/// Whether these are the same names, in any order.
fn same(known: &[String], assumed: &[&str]) -> bool {
    known.len() == assumed.len() && known.iter().all(|name| assumed.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: Assumed = Assumed {
        table: "orders",
        schema: None,
        tenant: Some(("tenant_id", KeyKind::Text)),
        writable: true,
        columns: &["id", "tenant_id", "total"],
        keys: &[&["tenant_id", "id"]],
    };

    fn orders() -> Entity {
        Entity {
            table: "orders".into(),
            schema: None,
            class: Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Text },
            columns: vec!["total".into(), "tenant_id".into(), "id".into()],
            keys: vec![vec!["id".into(), "tenant_id".into()]],
            module: "shop::order",
        }
    }

    /// What is different once the entity was changed.
    fn difference(change: impl FnOnce(&mut Entity)) -> Option<String> {
        let mut entity = orders();
        change(&mut entity);
        ORDERS.difference(&Catalog::new([entity]).unwrap())
    }

    #[test]
    fn the_order_of_names_makes_no_difference() {
        assert_eq!(difference(|_| ()), None);
    }

    #[test]
    fn every_difference_is_seen() {
        let said = |change: fn(&mut Entity)| difference(change).unwrap();
        let absent = said(|orders| orders.table = "order".into());
        assert_eq!(absent, "the table `orders` is not in the catalog");
        for change in [
            (|orders| orders.schema = Some("shop".into())) as fn(&mut Entity),
            |orders| orders.table = "Orders".into(),
            |orders| orders.class = Class::Shared { writable: true },
            |orders| {
                orders.class = Class::Tenant { column: "org_id".into(), kind: KeyKind::Text };
            },
            |orders| {
                orders.class = Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Uuid };
            },
            |orders| orders.columns.push("note".into()),
            |orders| orders.columns[0] = "sum".into(),
            |orders| orders.keys.push(vec!["total".into()]),
            |orders| orders.keys.clear(),
            |orders| orders.keys[0].truncate(1),
        ] {
            assert!(difference(change).is_some());
        }
    }
}
