//! The function that verifies a token, and the keys it knows.
//!
//! The keys are in a table only its owner reads; the function runs with the owner's rights. It
//! computes HMAC-SHA256 with the `sha256` every PostgreSQL since 11 has: a key is kept as the two
//! blocks that HMAC hashes before the message, so that nothing has to be computed from it again.

use super::{
    RoleName, Script, TOKEN_SETTING,
    quote::{block, literal},
    token::DOMAIN,
};

/// Puts a [key](super::token::Key) into the database, or replaces the one of its id. To be run by
/// the owner of the schema `tenancy`, with the key's id, inner block and outer block bound.
///
/// Every key in the table is accepted. To change keys, put in the new one, sign with it, and
/// delete the old one when the last token it signed has expired.
pub const INSTALL_KEY: &str = "INSERT INTO tenancy.key (id, inner_block, outer_block) VALUES ($1, $2, $3) \
     ON CONFLICT (id) DO UPDATE SET inner_block = excluded.inner_block, outer_block = excluded.outer_block";

pub(super) fn up(script: &mut Script, role: &RoleName) {
    let quoted = role.quoted();
    script.push(
        "The keys. Nobody but their owner reads them.",
        [
            "CREATE SCHEMA IF NOT EXISTS tenancy".to_owned(),
            format!("REVOKE ALL ON SCHEMA tenancy FROM PUBLIC, {quoted}"),
            "CREATE TABLE IF NOT EXISTS tenancy.key (
    id pg_catalog.text COLLATE \"C\" PRIMARY KEY CHECK (id ~ '^[a-z0-9_]{1,16}$'),
    inner_block pg_catalog.bytea NOT NULL CHECK (pg_catalog.octet_length(inner_block) = 64),
    outer_block pg_catalog.bytea NOT NULL CHECK (pg_catalog.octet_length(outer_block) = 64)
)"
            .to_owned(),
            format!("REVOKE ALL ON TABLE tenancy.key FROM PUBLIC, {quoted}"),
        ],
    );
    // Types are found through search_path too, and pg_temp would come first if it were not named.
    let function = format!(
        "CREATE OR REPLACE FUNCTION tenancy.tenant() RETURNS pg_catalog.text
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $tenancy$
DECLARE
    token pg_catalog.text := pg_catalog.current_setting('{TOKEN_SETTING}', true);
    tenant pg_catalog.text;
BEGIN
    IF token IS NULL OR token = '' THEN
        RETURN NULL;
    END IF;
    -- Nothing in the token is read before its signature, the last 64 characters, has been compared:
    -- hashed, so that the time this takes says nothing about what was expected.
    SELECT pg_catalog.split_part(token, '.', 2) INTO tenant
    FROM tenancy.key AS k
    WHERE k.id = pg_catalog.split_part(token, '.', 1) AND CASE
        WHEN pg_catalog.sha256(pg_catalog.convert_to(token, 'UTF8')) = pg_catalog.sha256(pg_catalog.convert_to(
            pg_catalog.left(token, -65) || '.' || pg_catalog.encode(pg_catalog.sha256(
                k.outer_block || pg_catalog.sha256(k.inner_block || pg_catalog.convert_to(
                    '{DOMAIN}' || pg_catalog.left(token, -65), 'UTF8'))), 'hex'), 'UTF8'))
        THEN pg_catalog.date_part('epoch', pg_catalog.statement_timestamp())
            < pg_catalog.split_part(token, '.', 3)::bigint
        ELSE false END;
    IF FOUND THEN
        RETURN tenant;
    END IF;
    RAISE EXCEPTION 'the tenancy token is not valid' USING ERRCODE = 'insufficient_privilege',
        HINT = 'it was not signed with a known key, or it has expired';
END
$tenancy$"
    );
    script.push(
        "Who a token is for. A token that does not hold is an error, so that nobody takes it for an \
         empty table; without a token there is no tenant.",
        [
            function,
            "REVOKE ALL ON FUNCTION tenancy.tenant() FROM PUBLIC".to_owned(),
            format!("GRANT EXECUTE ON FUNCTION tenancy.tenant() TO {quoted}"),
        ],
    );
    let name = literal(role.as_str());
    script.push(
        "None of it may have been there before, made by the role itself.",
        [block(&format!(
            "BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_namespace AS n
        LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid
        LEFT JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid
        WHERE n.nspname = 'tenancy' AND (pg_catalog.pg_has_role({name}, n.nspowner, 'MEMBER')
            OR pg_catalog.pg_has_role({name}, c.relowner, 'MEMBER')
            OR pg_catalog.pg_has_role({name}, p.proowner, 'MEMBER'))
    ) THEN
        RAISE EXCEPTION 'the role % owns something in the schema tenancy, or can become its owner; \
         drop that first', {name};
    END IF;
END"
        ))],
    );
}

pub(super) fn down(script: &mut Script) {
    script.push(
        "The function and the keys.",
        [
            "DROP FUNCTION IF EXISTS tenancy.tenant()".to_owned(),
            "DROP TABLE IF EXISTS tenancy.key".to_owned(),
            "DROP SCHEMA IF EXISTS tenancy".to_owned(),
        ],
    );
}
