-- Statements.
PRAGMA table_info(orders)
PRAGMA writable_schema = 1
ATTACH DATABASE 'x' AS y
DETACH DATABASE y
VACUUM
VACUUM INTO '/tmp/x'
REINDEX orders
EXPLAIN QUERY PLAN SELECT * FROM orders
CREATE TRIGGER x AFTER INSERT ON orders BEGIN DELETE FROM items; END
CREATE VIRTUAL TABLE x USING fts5(a)
CREATE TEMP TABLE x AS SELECT * FROM orders
BEGIN IMMEDIATE
END
-- Functions.
SELECT last_insert_rowid()
SELECT changes(), total_changes()
SELECT sqlite_version()
SELECT sqlite_source_id()
SELECT writefile('/tmp/x', 'y')
SELECT edit('x')
SELECT fts3_tokenizer('x')
SELECT sqlite_compileoption_get(1)
SELECT id FROM orders LIMIT neighbours(1)
SELECT json_extract(neighbours(1), '$')
SELECT SUM(total) OVER (ORDER BY neighbours(id)) FROM orders
DELETE FROM orders RETURNING neighbours(id)
-- Tables.
SELECT * FROM sqlite_schema
SELECT * FROM sqlite_sequence
SELECT * FROM main.sqlite_master
SELECT * FROM sqlite_temp_master
INSERT INTO sqlite_sequence (name) VALUES ('x')
-- Values.
SELECT @name FROM orders
SELECT $name FROM orders
SELECT ?0 FROM orders
SELECT "a""b" FROM orders
SELECT pg_catalog.lower(customer) AS n FROM orders
SELECT array(SELECT id FROM items) AS n FROM orders
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tenant_id = LOWER('globex')
