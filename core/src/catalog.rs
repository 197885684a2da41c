//! The catalog: every table a tenant's statement may name, and what the scoper must know of it.
//!
//! A table that is not in the catalog does not exist for a tenant. The macros put every annotated
//! entity into it; nobody lists entities by hand.

mod assumed;

use std::{
    collections::{BTreeMap, BTreeSet},
    error, fmt,
};

#[doc(hidden)]
pub use assumed::Assumed;

use crate::{Dialect, change, policy::Rule};

/// The Rust type of an entity's tenant column, hence how a [`TenantId`](crate::TenantId) is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyKind {
    /// `Uuid`: the tenant's id must be a UUID.
    Uuid,
    /// `String`: any tenant id.
    Text,
    /// `i64`: the tenant's id must be a decimal integer.
    Integer,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyKind::Uuid => "Uuid",
            KeyKind::Text => "String",
            KeyKind::Integer => "i64",
        })
    }
}

/// To whom the rows of a table belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Each row belongs to the tenant named in `column`.
    Tenant {
        /// Name of the tenant column in the database.
        column: String,
        /// Type of the tenant column.
        kind: KeyKind,
    },
    /// All tenants share the rows.
    Shared {
        /// Whether tenants may write them; everyone sees the result.
        writable: bool,
    },
}

/// One table of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Table name, exactly as in the database.
    pub table: String,
    /// Schema the author placed the table in, if any.
    pub schema: Option<String>,
    /// To whom its rows belong.
    pub class: Class,
    /// Names of its columns in the database.
    pub columns: Vec<String>,
    /// Unique keys as the database has them, the primary key first. Those of a tenant's table that
    /// are unique per tenant contain the tenant column.
    pub keys: Vec<Vec<String>>,
    /// Where the entity is declared, for messages: a Rust module path.
    pub module: &'static str,
}

impl Entity {
    /// The tenant column and its type, if the rows belong to tenants.
    #[must_use]
    pub fn tenant_column(&self) -> Option<(&str, KeyKind)> {
        match &self.class {
            Class::Tenant { column, kind } => Some((column, *kind)),
            Class::Shared { .. } => None,
        }
    }

    /// Whether a tenant may write the table at all.
    #[must_use]
    pub fn writable(&self) -> bool {
        match self.class {
            Class::Tenant { .. } => self.table != change::TABLE,
            Class::Shared { writable } => writable,
        }
    }
}

/// All tables a tenant's statement may name.
///
/// # Example
///
/// ```
/// use tenancy_core::catalog::{Catalog, Class, Entity};
///
/// let product = Entity {
///     table: "products".into(),
///     schema: None,
///     class: Class::Shared { writable: false },
///     columns: vec!["id".into(), "title".into()],
///     keys: vec![vec!["id".into()]],
///     module: "shop::product",
/// };
/// let catalog = Catalog::new([product])?;
/// assert!(catalog.iter().next().is_some_and(|entity| !entity.writable()));
/// # Ok::<(), tenancy_core::catalog::CatalogError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    entities: BTreeMap<(Option<String>, String), Entity>,
    /// Functions of the user's own, by name, and why each is harmless.
    functions: BTreeMap<String, String>,
    /// Further policies of tables.
    rules: BTreeMap<(Option<String>, String), Vec<Rule>>,
    /// Tables whose changes are recorded.
    audited: BTreeSet<(Option<String>, String)>,
    /// Enumerations that are in each tenant's schema, where tenants have one.
    enumerations: BTreeSet<String>,
}

impl Catalog {
    /// Builds a catalog.
    ///
    /// Two entities may describe one table (SeaORM allows several views of a table) as long as
    /// they agree on its class; their columns and keys are united.
    ///
    /// # Errors
    ///
    /// [`CatalogError`] if two entities classify one table differently, or if two tables of one
    /// schema differ only in the case of their letters, which not every engine can tell apart.
    pub fn new(entities: impl IntoIterator<Item = Entity>) -> Result<Self, CatalogError> {
        let mut catalog = Catalog::default();
        for entity in entities {
            catalog.insert(entity)?;
        }
        Ok(catalog)
    }

    fn insert(&mut self, entity: Entity) -> Result<(), CatalogError> {
        let twin = self.entities.values_mut().find(|known| {
            known.schema == entity.schema && known.table.eq_ignore_ascii_case(&entity.table)
        });
        let Some(known) = twin else {
            let key = (entity.schema.clone(), entity.table.clone());
            self.entities.insert(key, entity);
            return Ok(());
        };
        if known.table != entity.table || known.class != entity.class {
            return Err(CatalogError(format!(
                "the entities in `{}` and `{}` classify the table `{}` differently; give both the \
                 same classification and spelling, or rename one table",
                known.module, entity.module, entity.table
            )));
        }
        for column in entity.columns {
            if !known.columns.contains(&column) {
                known.columns.push(column);
            }
        }
        for key in entity.keys {
            if !known.keys.contains(&key) {
                known.keys.push(key);
            }
        }
        Ok(())
    }

    /// Adds further policies of a table. Those it has already are not added again.
    ///
    /// # Errors
    ///
    /// [`CatalogError`] if the table has another policy for one of the commands.
    pub fn add_rules(&mut self, entity: &Entity, rules: &[Rule]) -> Result<(), CatalogError> {
        let known = self.rules.entry((entity.schema.clone(), entity.table.clone())).or_default();
        for rule in rules {
            match known.iter().find(|known| known.command() == rule.command()) {
                Some(known) if known == rule => {}
                Some(_) => {
                    return Err(CatalogError(format!(
                        "two entities of the table `{}` have different policies for one command in \
                         `rls(…)`; give both the same",
                        entity.table
                    )));
                }
                None => known.push(rule.clone()),
            }
        }
        known.sort_by_key(Rule::command);
        Ok(())
    }

    /// Records the changes of a table. The table of the [records](change) comes into the catalog
    /// with the first.
    ///
    /// # Errors
    ///
    /// [`CatalogError`] if the table is in a schema its entity names: records are beside the tables
    /// of the connection's own.
    pub fn add_audit(&mut self, entity: &Entity) -> Result<(), CatalogError> {
        if let Some(schema) = &entity.schema {
            return Err(CatalogError(format!(
                "the table `{}` is in the schema `{schema}`, and records of changes are kept beside \
                 the tables of the connection's own; take `audit` or `schema_name` off its entity",
                entity.table
            )));
        }
        self.audited.insert((entity.schema.clone(), entity.table.clone()));
        self.insert(change::entity())
    }

    /// Whether the changes of a table are recorded.
    #[must_use]
    pub fn is_audited(&self, entity: &Entity) -> bool {
        self.audited.contains(&(entity.schema.clone(), entity.table.clone()))
    }

    /// The further policies of a table, in the order of their commands.
    #[must_use]
    pub fn rules(&self, entity: &Entity) -> &[Rule] {
        let key = (entity.schema.clone(), entity.table.clone());
        self.rules.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Lets tenants' statements call a function the scoper does not know, for the reason given:
    /// an extension's, or one of your own. It must compute from its arguments alone. One that
    /// reads tables reads all tenants' rows.
    ///
    /// The name is compared without regard to case, and as it is called: `st_distance` and
    /// `postgis.st_distance` are two names.
    ///
    /// # Errors
    ///
    /// [`CatalogError`] if the name is no function's name, or if no reason is given.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::{Dialect, catalog::Catalog, scope::plan};
    ///
    /// let sql = "SELECT st_x($1)";
    /// assert!(plan(sql, Dialect::Postgres, &Catalog::default()).is_err());
    /// let catalog = Catalog::default().allow_function("ST_X", "computes from its argument")?;
    /// assert!(plan(sql, Dialect::Postgres, &catalog).is_ok());
    /// assert!(Catalog::default().allow_function("st_x", " ").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_function(mut self, name: &str, reason: &str) -> Result<Self, CatalogError> {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !name.split('.').all(part) || name.split('.').count() > 2 {
            return Err(CatalogError(format!(
                "`{name}` is not a function's name: write `name` or `schema.name`"
            )));
        }
        if reason.trim().is_empty() {
            return Err(CatalogError(format!(
                "the function `{name}` is allowed without a reason: say why it cannot reach rows"
            )));
        }
        self.functions.insert(name.to_ascii_lowercase(), reason.trim().to_owned());
        Ok(self)
    }

    /// Names enumerations of PostgreSQL that are in each tenant's own schema, where tenants have one: a
    /// cast to one of them means the tenant's.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::{Dialect, catalog::Catalog, scope::{self, Mode}};
    ///
    /// let catalog = Catalog::default().with_enumerations(["mood".to_owned()]);
    /// let sql = r#"SELECT CAST('calm' AS "mood"), CAST('x' AS "other")"#;
    /// let mode = Mode::Schema { shared: None };
    /// let plan = scope::plan_as(sql, Dialect::Postgres, &catalog, &mode)?;
    /// let text = plan.text("t_acme");
    /// assert!(text.contains(r#"AS "t_acme"."mood")"#) && text.contains(r#"AS "other")"#), "{text}");
    /// # Ok::<(), tenancy_core::scope::Refusal>(())
    /// ```
    #[must_use]
    pub fn with_enumerations(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.enumerations.extend(names);
        self
    }

    /// The [enumerations](Self::with_enumerations) in each tenant's own schema.
    pub fn enumerations(&self) -> impl Iterator<Item = &str> {
        self.enumerations.iter().map(String::as_str)
    }

    /// Whether an enumeration is in each tenant's own schema.
    pub(crate) fn has_enumeration(&self, name: &str) -> bool {
        self.enumerations.contains(name)
    }

    /// Why a function of the user's own may be called, if it may.
    #[must_use]
    pub fn allowed_function(&self, name: &str) -> Option<&str> {
        self.functions.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// The functions of the user's own, and the reason for each.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.functions.iter().map(|(name, reason)| (name.as_str(), reason.as_str()))
    }

    /// All entities, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Entity> {
        self.entities.values()
    }

    /// The table a name in a statement stands for, by the dialect's own rules of case.
    ///
    /// `quoted` tells whether the name was quoted in the statement.
    #[must_use]
    pub fn lookup(
        &self,
        schema: Option<(&str, bool)>,
        table: (&str, bool),
        dialect: Dialect,
    ) -> Option<&Entity> {
        self.entities.values().find(|entity| {
            let schemas_agree = match (&entity.schema, schema) {
                (None, None) => true,
                (Some(known), Some((name, quoted))) => same_name(known, name, quoted, dialect),
                _ => false,
            };
            schemas_agree && same_name(&entity.table, table.0, table.1, dialect)
        })
    }
}

/// Whether the name `written` in a statement means the object called `known`.
///
/// Where an engine's rule depends on its settings, the stricter rule applies: a name that does not
/// match is refused, never guessed.
pub(crate) fn same_name(known: &str, written: &str, quoted: bool, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Sqlite => known.eq_ignore_ascii_case(written),
        Dialect::Postgres if !quoted => known == written.to_ascii_lowercase(),
        Dialect::Postgres | Dialect::MySql => known == written,
    }
}

/// Entities that contradict each other, or a function that cannot be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError(String);

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for CatalogError {}
