//! What the role of the application may do.

use super::{
    RoleName, Script,
    quote::{block, literal, table},
};
use crate::catalog::Entity;

/// Refuses a role no policy could bind.
pub(super) fn guard(script: &mut Script, role: &RoleName) {
    let name = literal(role.as_str());
    let body = format!(
        "BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {name}) THEN
        RAISE EXCEPTION 'there is no role %; create it first, with LOGIN and nothing else', {name};
    END IF;
    IF EXISTS (
        SELECT FROM pg_catalog.pg_roles AS r
        WHERE (r.rolsuper OR r.rolbypassrls) AND pg_catalog.pg_has_role({name}, r.oid, 'MEMBER')
    ) THEN
        RAISE EXCEPTION 'policies do not bind the role %: it is, or can become, a superuser or a \
         role with BYPASSRLS; use another for the application', {name};
    END IF;
    IF pg_catalog.pg_has_role({name}, current_user, 'MEMBER') THEN
        RAISE EXCEPTION 'the role % can become the owner of the tables, who may drop policies; use \
         another for the application', {name};
    END IF;
END"
    );
    script.push("The application's role must be one that policies bind.", [block(&body)]);
}

/// The rights on one table and the sequences its columns draw from.
pub(super) fn table_up(script: &mut Script, entity: &Entity, role: &RoleName) {
    let name = table(entity);
    let quoted = role.quoted();
    let rights = if entity.writable() { "SELECT, INSERT, UPDATE, DELETE" } else { "SELECT" };
    let mut statements = vec![
        format!("REVOKE ALL ON TABLE {name} FROM PUBLIC, {quoted}"),
        format!("GRANT {rights} ON TABLE {name} TO {quoted}"),
        format!("REVOKE TRUNCATE, REFERENCES, TRIGGER ON TABLE {name} FROM PUBLIC, {quoted}"),
    ];
    if entity.writable() {
        statements.push(sequences(entity, role, true));
    }
    script.push(
        format!(
            "{}: TRUNCATE asks no policy, REFERENCES and TRIGGER see rows past them; of a sequence \
             only the next number.",
            entity.table
        ),
        statements,
    );
}

pub(super) fn table_down(script: &mut Script, entity: &Entity, role: &RoleName) {
    let revoke = format!("REVOKE ALL ON TABLE {} FROM {}", table(entity), role.quoted());
    script.push(
        format!("{}: closed before its policies go.", entity.table),
        [revoke, sequences(entity, role, false)],
    );
}

/// Sequences that columns of the table own or draw from. One behind an identity column needs no
/// right of the role's.
fn sequences(entity: &Entity, role: &RoleName, grant: bool) -> String {
    let oid = literal(&table(entity));
    let quoted = role.quoted();
    let revoke = literal(&format!("REVOKE ALL ON SEQUENCE %s FROM PUBLIC, {quoted}"));
    let give = literal(&format!("GRANT USAGE ON SEQUENCE %s TO {quoted}"));
    let give = if grant {
        format!(
            "
        IF drawn THEN
            EXECUTE pg_catalog.format({give}, counter);
        END IF;"
        )
    } else {
        String::new()
    };
    block(&format!(
        "DECLARE
    counter pg_catalog.regclass;
    drawn boolean;
BEGIN
    FOR counter, drawn IN
        SELECT s.oid::pg_catalog.regclass, pg_catalog.bool_or(found.drawn)
        FROM (
            SELECT d.objid AS oid, d.deptype <> 'i' AS drawn FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refobjid = {oid}::pg_catalog.regclass AND d.deptype IN ('a', 'i')
            UNION ALL
            SELECT d.refobjid, true FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_attrdef AS a ON a.oid = d.objid
            WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND a.adrelid = {oid}::pg_catalog.regclass
        ) AS found
        JOIN pg_catalog.pg_class AS s ON s.oid = found.oid AND s.relkind = 'S'
        GROUP BY s.oid
    LOOP
        EXECUTE pg_catalog.format({revoke}, counter);{give}
    END LOOP;
END"
    ))
}

/// The rights on the schemas and the database.
pub(super) fn places_up(script: &mut Script, entities: &[&Entity], role: &RoleName) {
    let quoted = role.quoted();
    let statements = [
        literal(&format!("GRANT USAGE ON SCHEMA %s TO {quoted}")),
        literal(&format!("REVOKE CREATE ON SCHEMA %s FROM PUBLIC, {quoted}")),
    ];
    if !entities.is_empty() {
        script.push(
            "In the schemas of the tables the role makes nothing: it could hide a table or a function.",
            [each_schema(entities, &statements)],
        );
    }
    let temporary = literal(&format!("REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, {quoted}"));
    script.push(
        "A temporary table hides the one it is named after.",
        [block(&format!(
            "BEGIN\n    EXECUTE pg_catalog.format({temporary}, pg_catalog.current_database());\nEND"
        ))],
    );
}

pub(super) fn places_down(script: &mut Script, entities: &[&Entity], role: &RoleName) {
    if !entities.is_empty() {
        let revoke = literal(&format!("REVOKE USAGE ON SCHEMA %s FROM {}", role.quoted()));
        script.push("The schemas of the tables.", [each_schema(entities, &[revoke])]);
    }
}

fn each_schema(entities: &[&Entity], statements: &[String]) -> String {
    let tables: Vec<String> = entities
        .iter()
        .map(|entity| format!("{}::pg_catalog.regclass", literal(&table(entity))))
        .collect();
    let mut body = format!(
        "DECLARE
    place pg_catalog.regnamespace;
BEGIN
    FOR place IN
        SELECT DISTINCT relnamespace::pg_catalog.regnamespace FROM pg_catalog.pg_class
        WHERE oid = ANY (ARRAY[{}])
    LOOP\n",
        tables.join(", ")
    );
    for statement in statements {
        body.push_str(&format!("        EXECUTE pg_catalog.format({statement}, place);\n"));
    }
    body.push_str("    END LOOP;\nEND");
    block(&body)
}
