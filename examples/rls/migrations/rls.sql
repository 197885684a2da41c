-- Written by tenancy from the entities in `src`. Do not edit it: change the entities.
--
--     psql -v ON_ERROR_STOP=1 -f migrations/rls.sql
--
-- Row-level security. Run it as the owner of the tables; it may be run again.
BEGIN;
SET LOCAL client_min_messages = warning;

-- comments: a row belongs to the tenant in "publisher_id". FORCE binds the owner too.
ALTER TABLE "comments" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "comments" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenancy_tenant ON "comments";
CREATE POLICY tenancy_tenant ON "comments" AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ("publisher_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid))
    WITH CHECK ("publisher_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid));
DROP POLICY IF EXISTS tenancy_access ON "comments";
CREATE POLICY tenancy_access ON "comments" AS PERMISSIVE FOR ALL TO PUBLIC
    USING ("publisher_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid))
    WITH CHECK ("publisher_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid));
ALTER TABLE "comments" ALTER COLUMN "publisher_id" SET DEFAULT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid;

-- comments: no further policies.
DROP POLICY IF EXISTS tenancy_select ON "comments";
DROP POLICY IF EXISTS tenancy_insert ON "comments";
DROP POLICY IF EXISTS tenancy_update ON "comments";
DROP POLICY IF EXISTS tenancy_delete ON "comments";

-- comments: a partition that is named itself does not ask its parent's policies.
DO $tenancy$
DECLARE
    part pg_catalog.regclass;
BEGIN
    FOR part IN
        WITH RECURSIVE below AS (
            SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = '"comments"'::pg_catalog.regclass
            UNION
            SELECT deeper.inhrelid FROM pg_catalog.pg_inherits AS deeper
            JOIN below ON deeper.inhparent = below.inhrelid
        )
        SELECT inhrelid::pg_catalog.regclass FROM below
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY', part);
        EXECUTE pg_catalog.format('ALTER TABLE %1$s FORCE ROW LEVEL SECURITY', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_tenant ON %1$s', part);
        EXECUTE pg_catalog.format('CREATE POLICY tenancy_tenant ON %1$s AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ("publisher_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))
    WITH CHECK ("publisher_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_access ON %1$s', part);
        EXECUTE pg_catalog.format('CREATE POLICY tenancy_access ON %1$s AS PERMISSIVE FOR ALL TO PUBLIC
    USING ("publisher_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))
    WITH CHECK ("publisher_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_select ON %1$s', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_insert ON %1$s', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_update ON %1$s', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_delete ON %1$s', part);
    END LOOP;
END
$tenancy$;

-- comments: an index that begins with the tenant, unless there is one.
DO $tenancy$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = '"comments"'::pg_catalog.regclass AND a.attname = 'publisher_id'
            AND i.indisvalid AND i.indpred IS NULL
    ) THEN
        CREATE INDEX "tenancy-comments-publisher_id" ON "comments" ("publisher_id");
    END IF;
END
$tenancy$;

-- posts: a row belongs to the tenant in "tenant_id". FORCE binds the owner too.
ALTER TABLE "posts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "posts" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenancy_tenant ON "posts";
CREATE POLICY tenancy_tenant ON "posts" AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ("tenant_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid))
    WITH CHECK ("tenant_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid));
DROP POLICY IF EXISTS tenancy_access ON "posts";
CREATE POLICY tenancy_access ON "posts" AS PERMISSIVE FOR ALL TO PUBLIC
    USING ("tenant_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid))
    WITH CHECK ("tenant_id" = (SELECT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid));
ALTER TABLE "posts" ALTER COLUMN "tenant_id" SET DEFAULT NULLIF(current_setting('tenancy.tenant_id', true), '')::uuid;

-- posts: further policies, which only take rows away.
DROP POLICY IF EXISTS tenancy_select ON "posts";
DROP POLICY IF EXISTS tenancy_insert ON "posts";
DROP POLICY IF EXISTS tenancy_update ON "posts";
DROP POLICY IF EXISTS tenancy_delete ON "posts";
CREATE POLICY tenancy_update ON "posts" AS RESTRICTIVE FOR UPDATE TO PUBLIC
    USING (NOT archived)
    WITH CHECK (true);
CREATE POLICY tenancy_delete ON "posts" AS RESTRICTIVE FOR DELETE TO PUBLIC
    USING ("deleted_at" IS NOT NULL);

-- posts: a partition that is named itself does not ask its parent's policies.
DO $tenancy$
DECLARE
    part pg_catalog.regclass;
BEGIN
    FOR part IN
        WITH RECURSIVE below AS (
            SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = '"posts"'::pg_catalog.regclass
            UNION
            SELECT deeper.inhrelid FROM pg_catalog.pg_inherits AS deeper
            JOIN below ON deeper.inhparent = below.inhrelid
        )
        SELECT inhrelid::pg_catalog.regclass FROM below
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY', part);
        EXECUTE pg_catalog.format('ALTER TABLE %1$s FORCE ROW LEVEL SECURITY', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_tenant ON %1$s', part);
        EXECUTE pg_catalog.format('CREATE POLICY tenancy_tenant ON %1$s AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ("tenant_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))
    WITH CHECK ("tenant_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_access ON %1$s', part);
        EXECUTE pg_catalog.format('CREATE POLICY tenancy_access ON %1$s AS PERMISSIVE FOR ALL TO PUBLIC
    USING ("tenant_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))
    WITH CHECK ("tenant_id" = (SELECT NULLIF(current_setting(''tenancy.tenant_id'', true), '''')::uuid))', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_select ON %1$s', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_insert ON %1$s', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_update ON %1$s', part);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS tenancy_delete ON %1$s', part);
        EXECUTE pg_catalog.format('CREATE POLICY tenancy_update ON %1$s AS RESTRICTIVE FOR UPDATE TO PUBLIC
    USING (NOT archived)
    WITH CHECK (true)', part);
        EXECUTE pg_catalog.format('CREATE POLICY tenancy_delete ON %1$s AS RESTRICTIVE FOR DELETE TO PUBLIC
    USING ("deleted_at" IS NOT NULL)', part);
    END LOOP;
END
$tenancy$;

-- posts: an index that begins with the tenant, unless there is one.
DO $tenancy$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = '"posts"'::pg_catalog.regclass AND a.attname = 'tenant_id'
            AND i.indisvalid AND i.indpred IS NULL
    ) THEN
        CREATE INDEX "tenancy-posts-tenant_id" ON "posts" ("tenant_id");
    END IF;
END
$tenancy$;

COMMIT;
