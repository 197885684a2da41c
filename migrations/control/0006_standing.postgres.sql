-- Where a tenant stands in its life, for transactions that say whose they are: its status, `moved` if its rows
-- are in no table that tenants share, and nothing if there is no such tenant. `Rls::check_status` asks it, and
-- nobody may until then. The table is named in full, so that nobody's search path leads elsewhere.
DO $standing$
BEGIN
    EXECUTE (SELECT pg_catalog.format($create$
        CREATE FUNCTION %1$I.tenancy_standing(tenant pg_catalog.text) RETURNS pg_catalog.text
            LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS $body$
        BEGIN
            RETURN (SELECT CASE WHEN COALESCE(t.placed_as, 'row') IN ('row', 'rls') THEN t.status ELSE 'moved' END
                FROM %1$I.tenancy_tenants AS t WHERE t.id = tenant);
        END
        $body$$create$, n.nspname)
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = 'tenancy_tenants'::pg_catalog.regclass);
    EXECUTE (SELECT pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', p.oid::pg_catalog.regprocedure)
        FROM pg_catalog.pg_proc AS p WHERE p.proname = 'tenancy_standing'
            AND pg_catalog.pg_function_is_visible(p.oid));
END
$standing$
