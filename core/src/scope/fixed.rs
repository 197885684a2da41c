//! Plans that are written into a program when it is compiled, and what they took for granted.
//!
//! What is here is for the output of `tenant_sql!`, and may change with any release.

use std::borrow::Cow;

use super::{Check, Mode, Plan, Refusal, Scoper, TableUse, parse, walker};
pub use super::{
    plan::Body,
    render::Piece,
    template::{Template, template},
};
use crate::catalog::{Assumed, Catalog};

/// Scopes the statement of a template, without a cache.
///
/// # Errors
///
/// A [`Refusal`], as from [`plan`](super::plan).
pub fn plan_template(template: &Template, catalog: &Catalog, mode: &Mode) -> Result<Plan, Refusal> {
    let lists = template.lists.to_vec();
    let parsed = parse::parse_folded(&template.text(), lists, template.dialect)?;
    walker::scope(parsed, template.dialect, catalog, mode)
}

impl Plan {
    /// A plan made before, put together again.
    #[must_use]
    pub const fn fixed(
        body: Body,
        checks: &'static [Check],
        slots: usize,
        lists: &'static [usize],
        uses: &'static [TableUse],
        absent: &'static [Cow<'static, str>],
    ) -> Self {
        Self {
            body,
            checks: Cow::Borrowed(checks),
            slots,
            lists: Cow::Borrowed(lists),
            uses: Cow::Borrowed(uses),
            absent: Cow::Borrowed(absent),
        }
    }

    /// The text, as it is kept.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// How many values and lists of values it has places for.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Which of the places take lists.
    #[must_use]
    pub fn lists(&self) -> &[usize] {
        &self.lists
    }

    /// Names that must not be tables'.
    #[must_use]
    pub fn absent(&self) -> &[Cow<'static, str>] {
        &self.absent
    }
}

impl Scoper {
    /// Whether a plan made when the program was compiled is the one this scoper would make: the
    /// tables it names are in the catalog as they were then. `key` stands for the statement; what
    /// was found out about it once is remembered.
    pub fn agrees(
        &self,
        key: usize,
        plan: &Plan,
        assumed: &[Assumed],
        report: impl FnOnce(&str),
    ) -> bool {
        if let Some(known) = self.agreed.get(&key) {
            return known;
        }
        let taken = plan
            .absent
            .iter()
            .find(|name| self.catalog.iter().any(|entity| entity.table.eq_ignore_ascii_case(name)));
        let difference = match taken {
            Some(name) => Some(format!("`{name}` is a table")),
            None => assumed.iter().find_map(|table| table.difference(&self.catalog)),
        };
        self.agreed.insert(key, difference.is_none());
        if let Some(difference) = &difference {
            report(difference);
        }
        difference.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Dialect,
        catalog::{Class, Entity, KeyKind},
    };

    const ORDERS: Assumed = Assumed {
        table: "orders",
        schema: None,
        tenant: Some(("tenant_id", KeyKind::Text)),
        writable: true,
        columns: &["id"],
        keys: &[],
    };

    fn table(name: &str) -> Entity {
        Entity {
            table: name.into(),
            schema: None,
            class: Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Text },
            columns: vec!["id".into()],
            keys: Vec::new(),
            module: "tests",
        }
    }

    /// What two scopers, of `orders` and of these tables, think of the plan for a statement.
    fn report(sql: &str, tables: &[&str]) -> Option<String> {
        let known = Catalog::new([table("orders")]).unwrap();
        let template = template(sql, Dialect::Sqlite).unwrap();
        let plan = plan_template(&template, &known, &Mode::Rows).unwrap();
        assert!(Scoper::new(Dialect::Sqlite, known, 1024).agrees(1, &plan, &[ORDERS], |_| ()));
        let catalog = Catalog::new(tables.iter().map(|name| table(name))).unwrap();
        let scoper = Scoper::new(Dialect::Sqlite, catalog, 1024);
        let mut said = None;
        let first = scoper.agrees(1, &plan, &[ORDERS], |what| said = Some(what.to_owned()));
        assert_eq!(first, said.is_none());
        assert_eq!(scoper.agrees(1, &plan, &[ORDERS], |_| panic!("said twice")), first);
        assert_eq!(scoper.plan_count(), 0);
        said
    }

    #[test]
    fn a_plan_is_written_down_whole() {
        let known = Catalog::new([table("orders")]).unwrap();
        let plan = |sql| {
            let template = template(sql, Dialect::Sqlite).unwrap();
            plan_template(&template, &known, &Mode::Rows).unwrap()
        };
        let scoper = Scoper::new(Dialect::Sqlite, known.clone(), 1024);
        let listed =
            scoper.plan("SELECT id FROM orders WHERE id > ? AND id IN (?, ?)").unwrap().plan;
        assert_eq!((listed.slots(), listed.lists(), listed.absent().len()), (2, &[1][..], 0));
        let renamed = plan("SELECT few.id FROM (SELECT id FROM orders) AS few");
        assert_eq!((renamed.slots(), renamed.lists()), (0, &[][..]));
        let common = plan("WITH RECURSIVE few AS (SELECT id FROM orders) SELECT id FROM few");
        assert_eq!(common.absent(), ["few"]);
    }

    #[test]
    fn tables_are_compared() {
        assert_eq!(report("SELECT id FROM orders", &["orders", "items"]), None);
        let absent = report("SELECT id FROM orders", &["items"]);
        assert_eq!(absent.as_deref(), Some("the table `orders` is not in the catalog"));
    }

    /// What is written into a program is what was planned: nothing that is checked gets lost.
    #[test]
    fn a_plan_put_together_again_is_the_same() {
        let sql = "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) \
                   UPDATE orders SET tenant_id = ?, id = ? WHERE id IN (?) AND id IN (SELECT n FROM a)";
        let mut template = template(sql, Dialect::Sqlite).unwrap();
        template.lists = Cow::Borrowed(&[2]);
        let known = Catalog::new([table("orders")]).unwrap();
        let plan = plan_template(&template, &known, &Mode::Rows).unwrap();
        assert_eq!((plan.slots(), plan.lists(), plan.absent()), (3, &[2][..], &["a".into()][..]));
        let again = Plan::fixed(
            plan.body().clone(),
            plan.checks().to_vec().leak(),
            plan.slots(),
            plan.lists().to_vec().leak(),
            plan.uses().to_vec().leak(),
            plan.absent().to_vec().leak(),
        );
        assert_eq!(again, plan);
    }

    #[test]
    fn a_recursive_name_must_not_become_a_table() {
        let sql = "WITH RECURSIVE items AS (SELECT id FROM orders UNION SELECT id FROM items) \
                   SELECT id FROM items";
        assert_eq!(report(sql, &["orders"]), None);
        let taken = report(sql, &["orders", "Items"]);
        assert_eq!(taken.as_deref(), Some("`items` is a table"));
    }
}
