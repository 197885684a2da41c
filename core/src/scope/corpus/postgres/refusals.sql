-- Statements.
TABLE orders
COPY orders TO STDOUT
COPY (SELECT * FROM orders) TO '/tmp/x'
COPY orders FROM PROGRAM 'id'
DO $$ BEGIN END $$
LISTEN x
NOTIFY x
UNLISTEN x
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE p
LOCK TABLE orders
VACUUM orders
SET ROLE postgres
SET LOCAL search_path = x
SET SESSION AUTHORIZATION postgres
RESET ALL
RESET ROLE
SHOW search_path
DISCARD ALL
DECLARE c CURSOR FOR SELECT * FROM orders
FETCH ALL FROM c
CLOSE c
CHECKPOINT
CLUSTER orders
REINDEX TABLE orders
REFRESH MATERIALIZED VIEW x
COMMENT ON TABLE orders IS 'x'
SECURITY LABEL ON TABLE orders IS 'x'
IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE EXTENSION dblink
CREATE TABLE x AS SELECT * FROM orders
ALTER ROLE postgres SUPERUSER
REASSIGN OWNED BY a TO b
PREPARE TRANSACTION 'x'
SET CONSTRAINTS ALL DEFERRED
-- Functions.
SELECT pg_read_binary_file('/etc/passwd')
SELECT pg_ls_dir('/')
SELECT lo_import('/etc/passwd'), lo_get(1)
SELECT dblink('dbname=x', 'SELECT 1')
SELECT query_to_xml('SELECT * FROM orders', true, true, '')
SELECT table_to_xml('orders', true, true, '')
SELECT cursor_to_xml('c', 1, true, true, '')
SELECT ts_stat('SELECT 1')
SELECT ts_rewrite('a'::tsquery, 'SELECT 1')
SELECT pg_terminate_backend(1)
SELECT pg_advisory_lock(1)
SELECT pg_try_advisory_xact_lock(1)
SELECT nextval('orders_id_seq')
SELECT currval('ledger_id_seq'), lastval()
SELECT setval('ledger_id_seq', 1)
SELECT txid_current()
SELECT pg_current_xact_id()
SELECT current_user
SELECT session_user, user
SELECT current_database(), current_schema()
SELECT inet_client_addr()
SELECT pg_backend_pid()
SELECT has_table_privilege('orders', 'select')
SELECT pg_relation_size('orders')
SELECT pg_notify('x', 'y')
SELECT to_regclass('orders')
SELECT obj_description(1)
SELECT public.neighbours()
SELECT pg_catalog.pg_read_file('/etc/passwd')
SELECT "Lower"('x')
SELECT id FROM orders GROUP BY id HAVING neighbours(id) > 1
SELECT SUM(total) OVER (ORDER BY neighbours(id)) FROM orders
SELECT COUNT(*) FILTER (WHERE neighbours(id) > 1) FROM orders
SELECT id FROM orders LIMIT neighbours(1)
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET total = neighbours(1)
INSERT INTO orders (id) VALUES (1) ON CONFLICT (neighbours(id)) DO NOTHING
INSERT INTO orders (id) VALUES (1) RETURNING neighbours(id)
-- Tables.
SELECT * FROM ONLY orders
SELECT * FROM orders *
SELECT * FROM orders TABLESAMPLE SYSTEM (10)
SELECT * FROM pg_stat_activity
SELECT * FROM pg_class
SELECT * FROM pg_temp.orders
SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS b text)
SELECT xmin, cmin FROM orders
SELECT (ARRAY[1, 2])[f(1)] AS n FROM orders
SELECT (ARRAY[1, 2])[1:f(2)] AS n FROM orders
SELECT string_agg(customer, ',' ORDER BY f(id)) AS n FROM orders
SELECT "PG_CATALOG".lower(customer) AS n FROM orders
SELECT other.lower(customer) AS n FROM orders
SELECT orders.b FROM (SELECT orders.id FROM orders) AS orders (a)
SELECT orders.a FROM orders, (SELECT 1) AS y (a)
INSERT INTO orders (id, customer) SELECT i.total, 'x' FROM items AS i
SELECT /*+ SeqScan(orders) */ id FROM orders
SELECT 1_000 AS n FROM orders
UPDATE /*+ SeqScan(orders) */ orders SET total = 1
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tenant_id = LOWER('globex')
SELECT * FROM jsonb_to_recordset('[]') AS x(id bpchar('1)), orders --'))
SELECT * FROM jsonb_to_recordset('[]') AS x(id bpchar('1'))
SELECT * FROM jsonb_to_recordset('[{"id": "orders"}]') AS x(id regclass)
SELECT * FROM generate_series(1, 2) AS x(id bpchar('1)), orders --'))
SELECT * FROM UNNEST(ARRAY[1]) AS x(id bpchar('1)), orders --'))
