//! The policies of one table, and what belongs to them.

use super::{
    Command, Context, RoleName, Rule, Script,
    quote::{block, ident, literal, qualified, table},
};
use crate::{
    catalog::{Entity, KeyKind},
    name::short,
};

/// The policy that every row must satisfy, whatever other policies there are.
pub const TENANT_POLICY: &str = "tenancy_tenant";

/// The policy that lets rows through. It says the same as the other, so that neither of them opens
/// the table by being dropped.
pub const ACCESS_POLICY: &str = "tenancy_access";

const POLICIES: [(&str, &str); 2] = [(TENANT_POLICY, "RESTRICTIVE"), (ACCESS_POLICY, "PERMISSIVE")];

/// Stands for the name of a partition; no name contains it.
const PART: &str = "\u{1}";

/// The partitions of the table at any depth, and the tables that inherit from it.
const BELOW: &str = "        WITH RECURSIVE below AS (
            SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = {table}::pg_catalog.regclass
            UNION
            SELECT deeper.inhrelid FROM pg_catalog.pg_inherits AS deeper
            JOIN below ON deeper.inhparent = below.inhrelid
        )
        SELECT inhrelid::pg_catalog.regclass FROM below";

pub(super) fn up(
    script: &mut Script,
    entity: &Entity,
    rules: &[Rule],
    context: Context,
    role: &RoleName,
) {
    fence(script, entity, rules, context);
    if entity.tenant_column().is_some() {
        let revoke = format!("REVOKE ALL ON TABLE {PART} FROM PUBLIC, {}", role.quoted());
        script.push(
            format!("A partition of {} is reached through its parent alone.", entity.table),
            [each_below(entity, &[revoke])],
        );
    }
}

/// Everything but rights.
pub(super) fn fence(script: &mut Script, entity: &Entity, rules: &[Rule], context: Context) {
    let Some((column, kind)) = entity.tenant_column() else { return };
    let name = table(entity);
    let column = ident(column);
    let value = context.value(kind);
    let mut statements = policies(&name, &column, kind, context);
    statements.push(format!("ALTER TABLE {name} ALTER COLUMN {column} SET DEFAULT {value}"));
    script.push(
        format!(
            "{}: a row belongs to the tenant in {column}. FORCE binds the owner too.",
            entity.table
        ),
        statements,
    );
    let further = if rules.is_empty() {
        "no further policies"
    } else {
        "further policies, which only take rows away"
    };
    script.push(format!("{}: {further}.", entity.table), narrowing(&name, rules));
    script.push(
        format!(
            "{}: a partition that is named itself does not ask its parent's policies.",
            entity.table
        ),
        [each_below(
            entity,
            &[policies(PART, &column, kind, context), narrowing(PART, rules)].concat(),
        )],
    );
    script.push(
        format!("{}: an index that begins with the tenant, unless there is one.", entity.table),
        [index(entity, &column)],
    );
}

pub(super) fn down(script: &mut Script, entity: &Entity) {
    let Some((column, _)) = entity.tenant_column() else { return };
    let name = table(entity);
    let mut statements = no_policies(&name);
    statements.push(format!("ALTER TABLE {name} ALTER COLUMN {} DROP DEFAULT", ident(column)));
    statements.push(each_below(entity, &no_policies(PART)));
    statements
        .push(format!("DROP INDEX IF EXISTS {}", qualified(entity, &index_name(entity, column))));
    script.push(format!("{}: no row security.", entity.table), statements);
}

pub(super) fn policies(name: &str, column: &str, kind: KeyKind, context: Context) -> Vec<String> {
    let condition = context.condition(column, kind);
    let mut statements = vec![
        format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"),
    ];
    for (policy, mode) in POLICIES {
        statements.push(format!("DROP POLICY IF EXISTS {policy} ON {name}"));
        statements.push(format!(
            "CREATE POLICY {policy} ON {name} AS {mode} FOR ALL TO PUBLIC\n    USING ({condition})\n    \
             WITH CHECK ({condition})"
        ));
    }
    statements
}

/// The further policies of a table, in place of those it had.
fn narrowing(name: &str, rules: &[Rule]) -> Vec<String> {
    let drop = |command: Command| format!("DROP POLICY IF EXISTS {} ON {name}", command.policy());
    let create = |rule: &Rule| {
        let (policy, clauses) = (rule.command().policy(), rule.command().clauses(rule.condition()));
        format!("CREATE POLICY {policy} ON {name} AS RESTRICTIVE {clauses}")
    };
    Command::ALL.into_iter().map(drop).chain(rules.iter().map(create)).collect()
}

fn no_policies(name: &str) -> Vec<String> {
    let ours = POLICIES.iter().map(|(policy, _)| *policy);
    let mut statements: Vec<String> = ours
        .chain(Command::ALL.map(Command::policy))
        .map(|policy| format!("DROP POLICY IF EXISTS {policy} ON {name}"))
        .collect();
    statements.push(format!("ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"));
    statements.push(format!("ALTER TABLE {name} DISABLE ROW LEVEL SECURITY"));
    statements
}

/// Runs statements, in which [`PART`] stands for the name, on every table below an entity's.
fn each_below(entity: &Entity, statements: &[String]) -> String {
    let below = BELOW.replace("{table}", &literal(&table(entity)));
    let mut body = format!(
        "DECLARE\n    part pg_catalog.regclass;\nBEGIN\n    FOR part IN\n{below}\n    LOOP\n"
    );
    for statement in statements {
        // A `%` in the column's name is no directive.
        let escaped = statement.replace('%', "%%").replace(PART, "%1$s");
        let statement = literal(&escaped);
        body.push_str(&format!("        EXECUTE pg_catalog.format({statement}, part);\n"));
    }
    body.push_str("    END LOOP;\nEND");
    block(&body)
}

fn index(entity: &Entity, column: &str) -> String {
    let name = table(entity);
    let Some((plain, _)) = entity.tenant_column() else { return String::new() };
    block(&format!(
        "BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = {oid}::pg_catalog.regclass AND a.attname = {attribute}
            AND i.indisvalid AND i.indpred IS NULL
    ) THEN
        CREATE INDEX {index} ON {name} ({column});
    END IF;
END",
        oid = literal(&name),
        attribute = literal(plain),
        index = ident(&index_name(entity, plain)),
    ))
}

fn index_name(entity: &Entity, column: &str) -> String {
    short(&format!("tenancy-{}-{column}", entity.table))
}
