//! Row-level security of PostgreSQL for the tables of a catalog, as text; running it is left to others.
//!
//! A tenant's table gets row security that holds for its owner too, two policies that both name
//! the tenant, a default for the tenant column, an index that begins with it, and the same on each
//! partition. The role of the application gets what its statements need and nothing with which it
//! could go around a policy.
//!
//! A policy reads the tenant from a [`Context`]: a setting of the transaction, or a signed token
//! checked by a function in the database.
//!
//! The scripts are to be run by the owner of the tables, who is somebody else than the
//! application, and may be run again: after a new table, and after a new partition.

mod change;
mod context;
mod grant;
mod quote;
mod role;
mod rule;
mod script;
mod signed;
mod table;
pub mod token;

pub(crate) use self::quote::block;
pub use self::{
    context::{Context, TENANT_SETTING, TOKEN_SETTING},
    quote::{ident, literal},
    role::RoleName,
    rule::{Command, Rule, RuleError},
    script::{Script, Step},
    signed::INSTALL_KEY,
    table::{ACCESS_POLICY, TENANT_POLICY},
};
use crate::catalog::{Catalog, Entity, KeyKind};

/// Row security for all tables of a catalog and one role.
///
/// # Example
///
/// ```
/// use tenancy_core::{
///     catalog::{Catalog, Class, Entity, KeyKind},
///     policy::{RoleName, RowSecurity},
/// };
///
/// let orders = Entity {
///     table: "orders".into(),
///     schema: None,
///     class: Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Uuid },
///     columns: vec!["tenant_id".into(), "id".into()],
///     keys: vec![vec!["tenant_id".into(), "id".into()]],
///     module: "shop::order",
/// };
/// let catalog = Catalog::new([orders])?;
/// let security = RowSecurity::new(&catalog, RoleName::new("shop_app")?);
/// assert!(security.up().to_string().contains(r#"ALTER TABLE "orders" FORCE ROW LEVEL SECURITY;"#));
/// assert!(RoleName::new("pg_read_all_data").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RowSecurity<'a> {
    catalog: &'a Catalog,
    role: RoleName,
    context: Context,
}

impl<'a> RowSecurity<'a> {
    /// Row security whose policies read the tenant from a setting.
    #[must_use]
    pub fn new(catalog: &'a Catalog, role: RoleName) -> Self {
        Self { catalog, role, context: Context::Setting }
    }

    /// Lets the policies read the tenant from somewhere else.
    #[must_use]
    pub fn context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// What puts everything in place.
    #[must_use]
    pub fn up(&self) -> Script {
        let mut script = Script::new(
            "Row-level security. Run it as the owner of the tables; it may be run again.",
        );
        grant::guard(&mut script, &self.role);
        if self.context == Context::Signed {
            signed::up(&mut script, &self.role);
        }
        for entity in self.catalog.iter() {
            let rules = self.catalog.rules(entity);
            table::up(&mut script, entity, rules, self.context, &self.role);
            grant::table_up(&mut script, entity, &self.role);
        }
        change::up(&mut script, self.catalog);
        let all: Vec<&Entity> = self.catalog.iter().collect();
        grant::places_up(&mut script, &all, &self.role);
        script
    }

    /// What takes everything away again, except that `PUBLIC` does not get back its right to make
    /// temporary tables in the database and objects in the schemas.
    ///
    /// It takes the application's rights first: without policies a table shows all its rows. With
    /// a [signed context](Context::Signed) the keys are lost.
    #[must_use]
    pub fn down(&self) -> Script {
        let mut script = Script::new(
            "Takes row-level security away. Afterwards the tables show every row to whoever may \
             read them.",
        );
        for entity in self.catalog.iter() {
            grant::table_down(&mut script, entity, &self.role);
        }
        change::down(&mut script, self.catalog);
        for entity in self.catalog.iter() {
            table::down(&mut script, entity);
        }
        let all: Vec<&Entity> = self.catalog.iter().collect();
        grant::places_down(&mut script, &all, &self.role);
        if self.context == Context::Signed {
            signed::down(&mut script);
        }
        script
    }
}

/// What makes one tenant's table safe, its partitions included; nothing for a shared one. `rules`
/// are its further policies.
///
/// Rights are not part of it.
#[must_use]
pub fn table(entity: &Entity, rules: &[Rule], context: Context) -> Script {
    let mut script = Script::new("Row-level security of one table. Run it as the table's owner.");
    table::fence(&mut script, entity, rules, context);
    script
}

/// What takes the row security of one table away again.
#[must_use]
pub fn table_down(entity: &Entity) -> Script {
    let mut script = Script::new(
        "Takes row-level security away from one table. Afterwards it shows every row to whoever \
         may read it.",
    );
    table::down(&mut script, entity);
    script
}

/// What makes the tables of all tenants' entities safe, their partitions included.
///
/// Rights are not part of it: for them, and for a role that is checked, see [`RowSecurity`].
#[must_use]
pub fn tables(catalog: &Catalog, context: Context) -> Script {
    let mut script =
        Script::new("Row-level security. Run it as the owner of the tables; it may be run again.");
    for entity in catalog.iter() {
        table::fence(&mut script, entity, catalog.rules(entity), context);
    }
    change::up(&mut script, catalog);
    script
}

/// What records the changes of one audited table. The table of the records, [`change::TABLE`], must
/// be there.
///
/// [`change::TABLE`]: crate::change::TABLE
#[must_use]
pub fn changes(entity: &Entity) -> Script {
    let mut script = Script::new("Records of one table's changes. Run it as the table's owner.");
    change::table_up(&mut script, entity);
    script
}

/// What ends the records of one table's changes; those there are stay.
#[must_use]
pub fn changes_down(entity: &Entity) -> Script {
    let mut script = Script::new("Ends the records of one table's changes.");
    change::table_down(&mut script, entity);
    script
}

/// The statements that give one table, or one partition, its row security and policies, and nothing
/// else. `table` is written as in a statement, `column` is not quoted.
#[must_use]
pub fn policies(table: &str, column: &str, kind: KeyKind, context: Context) -> Vec<String> {
    table::policies(table, &ident(column), kind, context)
}

#[cfg(test)]
mod tests;
