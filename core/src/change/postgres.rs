//! PostgreSQL's trigger: one for all operations, and a function of its table's own.

use super::{Audited, TABLE};
use crate::{
    name::short,
    policy::{block, ident, literal},
};

impl Audited<'_> {
    pub(super) fn function_name(&self) -> String {
        short(&format!("tenancy-changes-{}", self.table))
    }

    /// PostgreSQL's trigger, and the function behind it. It runs as the owner of the tables, so that
    /// who changes a row need not be one who may write records; and as the tenant whose row it is,
    /// since policies bind the owner too.
    pub(super) fn function(&self) -> String {
        let told = |value: &str| {
            format!("PERFORM pg_catalog.set_config('tenancy.tenant_id', {value}, true);")
        };
        let record = |row: &str| {
            format!(
                "        {}
        INSERT INTO %1$s.{TABLE}
            (tenant_id, table_name, row_key, operation, at, db_user)
        VALUES ({}, pg_catalog.lower(TG_OP),
            pg_catalog.statement_timestamp(), session_user);",
                told(&self.tenant.text(self.dialect, row)),
                self.what(row)
            )
        };
        let name = ident(&self.function_name()).replace('%', "%%");
        // Before version 11 a row that is not there cannot be named, so no condition names both.
        let body = format!(
            "DECLARE
    told text := pg_catalog.current_setting('tenancy.tenant_id', true);
    another boolean := TG_OP = 'INSERT';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        another := {moved};
    END IF;
    IF TG_OP <> 'INSERT' THEN
{old}
    END IF;
    IF another THEN
{new}
    END IF;
    {back}
    RETURN NULL;
END",
            moved = self.moved(),
            old = record("OLD"),
            new = record("NEW"),
            back = told("COALESCE(told, '')"),
        );
        let function = format!(
            "CREATE OR REPLACE FUNCTION %1$s.{name}() RETURNS pg_catalog.trigger\n    LANGUAGE plpgsql \
             SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {}",
            dollars(&body)
        );
        let table = self.quoted(self.table);
        let escaped = table.replace('%', "%%");
        let trigger = format!(
            "CREATE TRIGGER {TABLE} AFTER INSERT OR UPDATE OR DELETE ON {escaped}\n    FOR EACH ROW \
             EXECUTE FUNCTION %1$s.{name}()"
        );
        let revoke = format!("REVOKE ALL ON FUNCTION %1$s.{name}() FROM PUBLIC");
        let run = |sql: &str| format!("EXECUTE pg_catalog.format({}, place);", dollars(sql));
        block(&format!(
            "DECLARE
    place pg_catalog.regnamespace := (
        SELECT relnamespace FROM pg_catalog.pg_class
        WHERE oid = {changes}::pg_catalog.regclass
    );
BEGIN
    {function}
    {revoke}
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE tgrelid = {oid}::pg_catalog.regclass AND tgname = '{TABLE}'
    ) THEN
        {trigger}
    END IF;
END",
            changes = literal(&self.quoted(TABLE)),
            oid = literal(&table),
            function = run(&function),
            revoke = run(&revoke),
            trigger = run(&trigger),
        ))
    }
}

/// A text between marks that do not occur in it.
fn dollars(text: &str) -> String {
    let mut mark = String::from("$change$");
    while text.contains(&mark) {
        mark.insert(1, '_');
    }
    format!("{mark}{text}{mark}")
}
