//! Further policies of a table, one for a command at most.

use std::{borrow::Cow, collections::BTreeSet, error, fmt, ops::ControlFlow};

use sqlparser::{
    ast::{Expr, Query, Value, ValueWithSpan, Visit, Visitor},
    dialect::PostgreSqlDialect,
    parser::Parser,
    tokenizer::Token,
};

/// A command that a policy can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    /// Which rows are there to be read.
    Select,
    /// Which rows may be added.
    Insert,
    /// Which rows may be changed, as they were before.
    Update,
    /// Which rows may be deleted.
    Delete,
}

impl Command {
    /// All of them.
    pub const ALL: [Command; 4] =
        [Command::Select, Command::Insert, Command::Update, Command::Delete];

    /// The name of our policy for the command.
    #[must_use]
    pub fn policy(self) -> &'static str {
        match self {
            Command::Select => "tenancy_select",
            Command::Insert => "tenancy_insert",
            Command::Update => "tenancy_update",
            Command::Delete => "tenancy_delete",
        }
    }

    /// What follows the name of the policy and its table.
    pub(super) fn clauses(self, condition: &str) -> String {
        match self {
            Command::Select => format!("FOR SELECT TO PUBLIC\n    USING ({condition})"),
            Command::Insert => format!("FOR INSERT TO PUBLIC\n    WITH CHECK ({condition})"),
            // What the row becomes is for the tenant's policies to judge.
            Command::Update => {
                format!("FOR UPDATE TO PUBLIC\n    USING ({condition})\n    WITH CHECK (true)")
            }
            Command::Delete => format!("FOR DELETE TO PUBLIC\n    USING ({condition})"),
        }
    }
}

/// A condition that rows must satisfy for a command, besides being the tenant's.
///
/// It becomes a restrictive policy: it can take rows away, and never shows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    command: Command,
    condition: Cow<'static, str>,
}

impl Rule {
    /// A rule whose condition was [checked](Self::new) when the program was compiled.
    #[doc(hidden)]
    #[must_use]
    pub const fn fixed(command: Command, condition: &'static str) -> Self {
        Self { command, condition: Cow::Borrowed(condition) }
    }

    /// Checks a condition in the SQL of PostgreSQL. It is written down as it was understood.
    ///
    /// # Errors
    ///
    /// [`RuleError`] if the text is not exactly one expression, has a query or a parameter in it,
    /// or names something that is none of `columns`, which are the table's. Other tables have
    /// policies of their own, whose answer a policy would take for the whole truth.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::policy::{Command, Rule};
    ///
    /// let columns = ["id", "status"];
    /// let rule = Rule::new(Command::Delete, "status='draft'", &columns)?;
    /// assert_eq!(rule.condition(), "status = 'draft'");
    /// assert!(Rule::new(Command::Delete, "true); DROP TABLE orders; --", &columns).is_err());
    /// assert!(Rule::new(Command::Delete, "state = 'draft'", &columns).is_err());
    /// # Ok::<(), tenancy_core::policy::RuleError>(())
    /// ```
    pub fn new<C: AsRef<str>>(
        command: Command,
        condition: &str,
        columns: &[C],
    ) -> Result<Self, RuleError> {
        let columns: BTreeSet<&str> = columns.iter().map(AsRef::as_ref).collect();
        let parsed =
            Parser::new(&PostgreSqlDialect {}).try_with_sql(condition).and_then(|mut parser| {
                let expr = parser.parse_expr()?;
                parser.expect_token(&Token::EOF)?;
                Ok(expr)
            });
        let expr = parsed.map_err(|error| {
            let why = error.to_string();
            let why = why.trim_start_matches("sql parser error: ");
            RuleError(format!("it is not one expression of SQL: {why}"))
        })?;
        match expr.visit(&mut Inspector { columns }) {
            ControlFlow::Break(why) => Err(RuleError(why)),
            ControlFlow::Continue(()) => {
                Ok(Self { command, condition: Cow::Owned(expr.to_string()) })
            }
        }
    }

    /// The command it narrows.
    #[must_use]
    pub fn command(&self) -> Command {
        self.command
    }

    /// The condition.
    #[must_use]
    pub fn condition(&self) -> &str {
        &self.condition
    }
}

struct Inspector<'a> {
    columns: BTreeSet<&'a str>,
}

impl Visitor for Inspector<'_> {
    type Break = String;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<String> {
        ControlFlow::Break(
            "a query in a policy sees only what the policies of its own tables let through; compare \
             columns of this table instead"
                .to_owned(),
        )
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<String> {
        match &value.value {
            Value::Placeholder(name) => ControlFlow::Break(format!(
                "a policy has no parameters, and `{name}` is one; write the value"
            )),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
        let name = match expr {
            Expr::Identifier(name) if name.quote_style.is_some() => name.value.clone(),
            Expr::Identifier(name) => name.value.to_ascii_lowercase(),
            Expr::CompoundIdentifier(_) => {
                return ControlFlow::Break(format!(
                    "`{expr}`: name the table's own columns without the table"
                ));
            }
            _ => return ControlFlow::Continue(()),
        };
        if self.columns.contains(name.as_str()) {
            return ControlFlow::Continue(());
        }
        let known: Vec<String> = self.columns.iter().map(|name| format!("`{name}`")).collect();
        ControlFlow::Break(format!("the table has no column `{name}`; it has {}", known.join(", ")))
    }
}

/// A condition that cannot be a policy's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError(String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for RuleError {}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["id", "status", "In Year"];

    #[test]
    fn a_condition_is_written_as_it_was_understood() {
        let check = |written: &str, expected: &str| {
            let rule = Rule::new(Command::Update, written, &COLUMNS).unwrap();
            assert_eq!(rule.condition(), expected);
        };
        check("status<>'closed' -- a comment", "status <> 'closed'");
        check("STATUS = 'it''s' AND \"In Year\" > 2000", "STATUS = 'it''s' AND \"In Year\" > 2000");
        check(
            "current_setting('shop.role', true) = 'boss'",
            "current_setting('shop.role', true) = 'boss'",
        );
        check("false", "false");
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        let why =
            |written: &str| Rule::new(Command::Update, written, &COLUMNS).unwrap_err().to_string();
        assert!(why("").contains("not one expression"));
        assert!(why("true; DROP TABLE orders").contains("not one expression"));
        assert!(why("true) WITH CHECK (true").contains("not one expression"));
        assert!(why("id IN (SELECT order_id FROM items)").contains("a query in a policy"));
        assert!(why("id = $1").contains("no parameters"));
        assert!(why("orders.id = 1").contains("without the table"));
        assert!(why("state = 'open'").contains("no column `state`"));
        assert!(why("\"STATUS\" = 'open'").contains("no column `STATUS`"));
    }
}
