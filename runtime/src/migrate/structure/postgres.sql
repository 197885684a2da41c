WITH s AS MATERIALIZED (
    SELECT '(?:(?<![\w".$\\])|(?<=\\[nrt])|(?<=(?:^|[^\\])"))(?:' || pg_catalog.string_agg(pg_catalog.regexp_replace(mark, '([^\w])', '\\\1', 'g'), '|') || ')' AS pattern
    FROM (SELECT pg_catalog.btrim(pg_catalog.to_json(pg_catalog.quote_ident(name) || '.')::pg_catalog.text, '"') AS mark
        FROM pg_catalog.unnest($shared) AS name) AS n
),
p AS MATERIALIZED (
    SELECT oid, nspname, mark,
        '(?<![\w".$])' || pg_catalog.regexp_replace(mark, '([^\w])', '\\\1', 'g') AS pattern
    FROM (SELECT oid, nspname, pg_catalog.quote_ident(nspname) || '.' AS mark
        FROM pg_catalog.pg_namespace WHERE nspname = ANY ($schemas)) AS n
),
owned AS MATERIALIZED (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d WHERE d.deptype = 'e'
),
r AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
        c.relowner, c.relacl, c.reloptions, p.nspname, p.mark, p.pattern, c.relnamespace
    FROM pg_catalog.pg_class AS c JOIN p ON p.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT c.relispartition
        AND c.relname <> ALL ($ignored)
        AND c.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
),
t AS MATERIALIZED (SELECT * FROM r WHERE relkind IN ('r', 'p', 'f')),
a AS MATERIALIZED (
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef,
        a.attidentity, a.attgenerated, a.attcollation, a.attacl, t.relname, t.relowner, t.nspname, t.mark, t.pattern
    FROM pg_catalog.pg_attribute AS a JOIN t ON t.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped
),
right_of AS MATERIALIZED (
    SELECT oid, pg_catalog.jsonb_object_agg(grantee, rights) AS grants FROM (
        SELECT oid, grantee, pg_catalog.jsonb_agg(DISTINCT privilege) AS rights FROM (
            SELECT r.oid, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(g.rolname) END AS grantee,
                x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END AS privilege
            FROM r CROSS JOIN LATERAL pg_catalog.aclexplode(r.relacl) AS x
            LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = x.grantee
            WHERE $rights AND r.relacl IS NOT NULL AND x.grantee <> r.relowner AND r.relkind <> 'S'
            UNION ALL
            SELECT a.attrelid, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(g.rolname) END,
                x.privilege_type || ' ("' || pg_catalog.replace(a.attname, '"', '""') || '")' || CASE WHEN x.is_grantable THEN '*' ELSE '' END
            FROM a CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS x
            LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = x.grantee
            WHERE $rights AND a.attacl IS NOT NULL AND x.grantee <> a.relowner
        ) AS one GROUP BY oid, grantee
    ) AS role GROUP BY oid
),
fact (place, kind, owner, name, "position", body) AS (
    SELECT nspname::pg_catalog.text, 'schema', '', '', 0, 'null'::pg_catalog.jsonb FROM p
    UNION ALL
    SELECT p.nspname, 'enum', '', y.typname, 0,
        (SELECT pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = y.oid)
    FROM pg_catalog.pg_type AS y JOIN p ON p.oid = y.typnamespace
    WHERE y.typtype = 'e' AND y.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_catalog.pg_type'::pg_catalog.regclass)
    UNION ALL
    SELECT r.nspname, 'sequence', '', r.relname, 0, pg_catalog.to_jsonb(pg_catalog.format(
        'AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s', pg_catalog.format_type(s.seqtypid, NULL),
        s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END))
    FROM r JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = r.oid
    WHERE r.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = r.oid AND d.objsubid = 0 AND d.deptype IN ('a', 'i')
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
    UNION ALL
    SELECT p.nspname, 'function', '', pg_catalog.quote_ident(f.proname) || '(' || bare(pg_catalog.pg_get_function_identity_arguments(f.oid)) || ')', 0,
        pg_catalog.to_jsonb(bare(pg_catalog.pg_get_functiondef(f.oid)))
    FROM pg_catalog.pg_proc AS f JOIN p ON p.oid = f.pronamespace
    WHERE f.prokind IN ('f', 'p') AND f.proname <> ALL ($ignored) AND f.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
    UNION ALL
    SELECT t.nspname, 'table', '', t.relname, 0, pg_catalog.jsonb_build_object(
        'row_security', t.relrowsecurity, 'forced', t.relforcerowsecurity,
        'grants', COALESCE((SELECT grants FROM right_of WHERE right_of.oid = t.oid), '{}'),
        'comment', pg_catalog.obj_description(t.oid, 'pg_class'),
        'options', CASE WHEN t.relkind = 'p' THEN 'PARTITION BY ' || pg_catalog.pg_get_partkeydef(t.oid)
            WHEN t.relkind = 'f' THEN 'FOREIGN' WHEN t.relpersistence = 'u' THEN 'UNLOGGED' END)
    FROM t
    UNION ALL
    SELECT a.nspname, 'column', a.relname, a.attname, a.attnum, pg_catalog.jsonb_build_object(
        'kind', bare(pg_catalog.format_type(a.atttypid, a.atttypmod)),
        'not_null', a.attnotnull,
        'collation', CASE WHEN a.attcollation <> y.typcollation THEN (SELECT bare(pg_catalog.quote_ident(ln.nspname) || '.' || pg_catalog.quote_ident(l.collname))
            FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
        'default', CASE WHEN a.attgenerated = '' AND s.objid IS NULL THEN bare(x.text) END,
        'generated', CASE WHEN a.attidentity = 'a' THEN '"always"'::pg_catalog.jsonb WHEN a.attidentity = 'd' THEN '"by_default"'
            WHEN a.attgenerated = 's' THEN pg_catalog.jsonb_build_object('stored', bare(x.text))
            WHEN a.attgenerated = 'v' THEN pg_catalog.jsonb_build_object('virtual', bare(x.text))
            WHEN s.objid IS NOT NULL THEN '"serial"' END,
        'comment', o.description)
    FROM a JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef AS d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN LATERAL (SELECT d.oid, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS text OFFSET 0) AS x ON d.oid IS NOT NULL
    LEFT JOIN LATERAL (SELECT q.objid FROM pg_catalog.pg_depend AS q
        WHERE a.atthasdef AND q.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND q.refobjid = a.attrelid AND q.refobjsubid = a.attnum
            AND q.deptype = 'a' AND q.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND EXISTS (SELECT FROM pg_catalog.pg_depend AS u WHERE u.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                AND u.objid = x.oid AND u.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND u.refobjid = q.objid)
        LIMIT 1) AS s ON true
    LEFT JOIN pg_catalog.pg_description AS o ON o.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objoid = a.attrelid AND o.objsubid = a.attnum
    UNION ALL
    SELECT t.nspname, 'constraint', t.relname, k.conname, 0, pg_catalog.jsonb_build_object(
        'kind', CASE k.contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclude' ELSE 'foreign' END,
        'columns', COALESCE((SELECT pg_catalog.jsonb_agg(c.attname ORDER BY x.nr) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS x (attnum, nr)
            JOIN pg_catalog.pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = x.attnum), '[]'),
        'references', CASE WHEN k.contype = 'f' THEN (SELECT pg_catalog.jsonb_build_object(
                'schema', CASE WHEN f.relnamespace = t.relnamespace THEN NULL WHEN n.nspname = ANY ($shared) THEN '{{shared}}' ELSE n.nspname END,
                'table', f.relname,
                'columns', (SELECT pg_catalog.jsonb_agg(c.attname ORDER BY x.nr) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS x (attnum, nr)
                    JOIN pg_catalog.pg_attribute AS c ON c.attrelid = k.confrelid AND c.attnum = x.attnum))
            FROM pg_catalog.pg_class AS f JOIN pg_catalog.pg_namespace AS n ON n.oid = f.relnamespace WHERE f.oid = k.confrelid) END,
        'definition', CASE WHEN k.contype = 'f' THEN pg_catalog.concat_ws(' ',
                CASE k.confmatchtype WHEN 'f' THEN 'MATCH FULL' END,
                CASE k.confupdtype WHEN 'r' THEN 'ON UPDATE RESTRICT' WHEN 'c' THEN 'ON UPDATE CASCADE' WHEN 'n' THEN 'ON UPDATE SET NULL' WHEN 'd' THEN 'ON UPDATE SET DEFAULT' END,
                CASE k.confdeltype WHEN 'r' THEN 'ON DELETE RESTRICT' WHEN 'c' THEN 'ON DELETE CASCADE' WHEN 'n' THEN 'ON DELETE SET NULL' WHEN 'd' THEN 'ON DELETE SET DEFAULT' END
                -- Which columns it sets, from version 15 on; no column of older catalogs is named.
                || CASE WHEN k.confdeltype IN ('n', 'd') THEN COALESCE((SELECT ' (' || pg_catalog.string_agg(pg_catalog.quote_ident(c.attname), ', ' ORDER BY x.nr) || ')'
                    FROM pg_catalog.jsonb_array_elements_text(CASE pg_catalog.jsonb_typeof(pg_catalog.to_jsonb(k) -> 'confdelsetcols')
                        WHEN 'array' THEN pg_catalog.to_jsonb(k) -> 'confdelsetcols' END) WITH ORDINALITY AS x (attnum, nr)
                    JOIN pg_catalog.pg_attribute AS c ON c.attrelid = k.conrelid AND c.attnum = x.attnum::smallint), '') ELSE '' END,
                CASE WHEN k.condeferrable THEN 'DEFERRABLE' END, CASE WHEN k.condeferred THEN 'INITIALLY DEFERRED' END,
                CASE WHEN NOT k.convalidated THEN 'NOT VALID' END)
            ELSE bare(pg_catalog.pg_get_constraintdef(k.oid)) END)
    FROM pg_catalog.pg_constraint AS k JOIN t ON t.oid = k.conrelid
    WHERE k.contype IN ('p', 'u', 'c', 'x', 'f')
    UNION ALL
    SELECT t.nspname, 'index', t.relname, c.relname, 0, pg_catalog.jsonb_build_object(
        'unique', i.indisunique, 'invalid', NOT i.indisvalid,
        'columns', COALESCE((SELECT pg_catalog.jsonb_agg(c.attname ORDER BY x.nr) FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS x (attnum, nr)
            JOIN pg_catalog.pg_attribute AS c ON c.attrelid = i.indrelid AND c.attnum = x.attnum), '[]'),
        'definition', bare(pg_catalog.substr(pg_catalog.pg_get_indexdef(i.indexrelid), pg_catalog.length(
            CASE WHEN i.indisunique THEN 'CREATE UNIQUE INDEX ' ELSE 'CREATE INDEX ' END || pg_catalog.quote_ident(c.relname) || ' ON '
            || CASE WHEN t.relkind = 'p' THEN 'ONLY ' ELSE '' END || t.mark || pg_catalog.quote_ident(t.relname) || '  '))))
    FROM pg_catalog.pg_index AS i JOIN t ON t.oid = i.indrelid JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
    WHERE k.oid IS NULL
    UNION ALL
    SELECT t.nspname, 'policy', t.relname, l.polname, 0, pg_catalog.jsonb_build_object(
        'restrictive', NOT l.polpermissive,
        'command', CASE l.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        'roles', CASE WHEN l.polroles = '{0}' THEN '["PUBLIC"]'::pg_catalog.jsonb ELSE (SELECT pg_catalog.jsonb_agg(pg_catalog.quote_ident(g.rolname) ORDER BY g.rolname)
            FROM pg_catalog.pg_roles AS g WHERE g.oid = ANY (l.polroles)) END,
        'using', bare(pg_catalog.pg_get_expr(l.polqual, l.polrelid)),
        'check', bare(pg_catalog.pg_get_expr(l.polwithcheck, l.polrelid)))
    FROM pg_catalog.pg_policy AS l JOIN t ON t.oid = l.polrelid
    UNION ALL
    SELECT t.nspname, 'trigger', t.relname, g.tgname, 0, pg_catalog.to_jsonb(bare(pg_catalog.pg_get_triggerdef(g.oid))
        || CASE g.tgenabled WHEN 'O' THEN '' ELSE E'\001ALTER TABLE ' || pg_catalog.quote_ident(t.relname) || CASE g.tgenabled WHEN 'D' THEN ' DISABLE' WHEN 'A' THEN ' ENABLE ALWAYS' ELSE ' ENABLE REPLICA' END
            || ' TRIGGER ' || pg_catalog.quote_ident(g.tgname) END)
    FROM pg_catalog.pg_trigger AS g JOIN t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
    UNION ALL
    SELECT r.nspname, 'view', '', r.relname, 0, pg_catalog.jsonb_build_object(
        'definition', bare(pg_catalog.pg_get_viewdef(r.oid)), 'materialized', r.relkind = 'm',
        'options', pg_catalog.array_to_string(r.reloptions, ', '),
        'grants', COALESCE((SELECT grants FROM right_of WHERE right_of.oid = r.oid), '{}'),
        'comment', pg_catalog.obj_description(r.oid, 'pg_class'))
    FROM r WHERE r.relkind IN ('v', 'm')
)
