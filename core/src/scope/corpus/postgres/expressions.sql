-- JSON and arrays.
SELECT id, meta -> 'a' AS a, meta ->> 'b' AS b, meta #> '{a,b}' AS c, meta #>> '{a,b}' AS d FROM orders
SELECT id FROM orders WHERE meta @> '{"a": 1}' AND NOT meta <@ '{}'
SELECT id FROM orders WHERE meta ? 'a'
SELECT id FROM orders WHERE meta ?| ARRAY['a', 'b'] OR meta ?& ARRAY['a', 'b']
SELECT id, meta - 'a' AS a, meta || '{"z": 1}' AS b, meta #- '{a}' AS c FROM orders
SELECT id FROM orders WHERE meta @? '$.a' OR meta @@ '$.a > 1'
SELECT id, jsonb_set(meta, '{a}', '5') AS a, jsonb_path_query_first(meta, '$.a') AS b FROM orders
SELECT jsonb_agg(id ORDER BY id) AS a, jsonb_object_agg(customer, total) AS b FROM orders
SELECT jsonb_build_object('n', (SELECT COUNT(*) FROM items)) AS a
SELECT id, to_jsonb(o) - 'placed' AS j FROM orders o
SELECT ARRAY[1, 2] && ARRAY[2] AS a, ARRAY[1] || 2 AS b, (ARRAY[1, 2, 3])[2] AS c, (ARRAY[1, 2, 3])[1:2] AS d
SELECT id FROM orders WHERE id = ANY ('{1,2}'::bigint[])
SELECT id, (string_to_array(customer, 'd'))[1] AS a FROM orders
SELECT id FROM orders WHERE ARRAY[id] <@ ARRAY(SELECT order_id FROM items)
-- Texts, numbers, dates.
SELECT customer || '-' || status AS a, customer ILIKE 'A%' AS b, customer ~ '^a' AS c, customer !~* 'B' AS d, customer SIMILAR TO 'a%' AS e FROM orders
SELECT customer ^@ 'a' AS a, left(customer, 1) AS b, split_part(customer, 'd', 1) AS c, initcap(customer) AS d FROM orders
SELECT customer LIKE ANY (ARRAY['a%', 'b%']) AS a FROM orders
SELECT POSITION('d' IN customer) AS a, OVERLAY(customer PLACING 'x' FROM 1 FOR 1) AS b, TRIM(BOTH 'a' FROM customer) AS c FROM orders
SELECT SUBSTRING(customer FROM 1 FOR 2) AS a, customer COLLATE "C" AS b, customer IS NFC NORMALIZED AS c FROM orders
SELECT total::numeric(10, 2) AS a, total / 3.0 AS b, total ^ 2 AS c, |/ total AS d, @ -total AS e, |/ |/ 16 AS i, - @ -5 AS j, 5 # 3 AS f, ~1 AS g, 1 << 2 AS h FROM orders
SELECT total IS DISTINCT FROM 10 AS a, total IS NOT DISTINCT FROM NULL AS b, (total > 1) IS UNKNOWN AS c FROM orders
SELECT DATE '2020-01-01' AS a, INTERVAL '1 day' AS b, TIMESTAMP '2020-01-01 00:00:00' + INTERVAL '1' HOUR AS c
SELECT id FROM orders WHERE placed + INTERVAL '1 day' < now() AT TIME ZONE 'UTC' AND EXTRACT(YEAR FROM placed) > 2000
SELECT date_trunc('month', placed) AS m, COUNT(*) AS n FROM orders GROUP BY 1
SELECT to_char(placed, 'YYYY-MM') AS a, date_part('year', placed) AS b, make_date(2020, 1, 2) AS c FROM orders
SELECT (DATE '2020-01-01', DATE '2020-02-01') OVERLAPS (DATE '2020-01-15', DATE '2020-03-01') AS a
SELECT int4range(1, 5) @> 3 AS a, int4range(1, 5) && int4range(4, 9) AS b, lower(int4range(1, 5)) AS c
SELECT to_tsvector('english', customer) @@ plainto_tsquery('english', 'ada') AS a FROM orders
SELECT GREATEST(total, 15) AS a, LEAST(total, 15) AS b, md5(customer) AS c, encode(sha256('x'), 'hex') AS d FROM orders
SELECT gen_random_uuid() IS NOT NULL AS a, random() < 2 AS b, num_nonnulls(1, NULL) AS c
SELECT regexp_replace(customer, 'a', 'o', 'g') AS a, format('%s-%s', customer, id) AS b, repeat('x', 3) AS c FROM orders
SELECT CAST("status" AS "text") AS a, CAST($1 AS "mood") AS b FROM orders --= 'open'
SELECT pg_typeof(total) AS a FROM orders LIMIT 1
SELECT pg_catalog.lower(customer) AS a FROM orders
SELECT stddev(total) AS a, var_pop(total) AS b, bool_and(total > 0) AS c, corr(total, id) AS d, mode() WITHIN GROUP (ORDER BY status) AS e FROM orders
-- Literals.
SELECT E'a\'b' AS a, $$x'y$$ AS b, $tag$z$$w$tag$ AS c, 'a\b' AS d, X'1F' AS e FROM orders
SELECT U&'\0061' AS a
SELECT B'101' AS a
SELECT N'x' AS a
SELECT 1e10 AS a, .5 AS b, X'1F' AS c
SELECT 0x1F AS c
SELECT 'a' 'b' AS a
SELECT "Lower"('x')
SELECT pg_catalog."Lower"('x')
-- Types that look into the database.
SELECT 'orders'::regclass, 1::regrole
SELECT CAST('orders' AS regclass)
SELECT regclass 'orders'
SELECT 'orders'::pg_catalog.regclass
SELECT '1'::oid
SELECT '1'::xid
SELECT 'x'::other.kind
SELECT 'orders'::"regclass"
SELECT '{orders}'::regclass[]
SELECT age('3'::xid)
-- Columns that are not columns.
SELECT ctid FROM orders
SELECT o.xmin FROM orders o
SELECT tableoid FROM orders
SELECT "ctid" FROM orders
SELECT id FROM orders WHERE ctid = '(0,1)'
DELETE FROM orders RETURNING xmax
SELECT (o).id FROM orders o
SELECT (o).neighbours FROM orders o
SELECT ('/etc/passwd'::text).pg_read_file
SELECT (customer).pg_read_file FROM orders
SELECT o.neighbours FROM orders o
SELECT (SELECT o.neighbours) FROM orders o
SELECT (o).* FROM orders o WHERE o.id = 1
SELECT orders.tenancy FROM orders
-- Operators of a user's making.
SELECT 1 OPERATOR(public.+) 2
SELECT 1 OPERATOR(+) 2
SELECT 1 <#> 2
