-- Tables that are not a tenant's.
SELECT * FROM users
SELECT * FROM other.orders
SELECT * FROM a.b.orders
SELECT o.id FROM orders o WHERE o.id IN (SELECT id FROM users)
SELECT o.id FROM orders o JOIN users u ON u.id = o.id
INSERT INTO users (id) VALUES (1)
INSERT INTO orders (id) SELECT id FROM users
UPDATE users SET id = 1
UPDATE orders SET total = (SELECT MAX(id) FROM users)
DELETE FROM users
SELECT * FROM information_schema.tables
SELECT * FROM INFORMATION_SCHEMA.columns
SELECT * FROM pg_catalog.pg_class
SELECT * FROM mysql.user
SELECT * FROM sqlite_master
-- Names that would mean two things.
SELECT * FROM orders o, items o
SELECT o.id FROM orders AS o, products AS O
SELECT * FROM orders JOIN orders ON 1 = 1
SELECT orders.id FROM orders, (SELECT 1 AS id) AS orders
WITH RECURSIVE orders AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM orders) SELECT i FROM orders
-- Functions.
SELECT load_extension('x')
SELECT pg_read_file('/etc/passwd')
SELECT LOAD_FILE('/etc/passwd')
SELECT readfile('/etc/passwd')
SELECT set_config('tenancy.tenant_id', 'globex', true)
SELECT current_setting('tenancy.tenant_id')
SELECT version()
SELECT sleep(5)
SELECT pg_sleep(5)
SELECT id FROM orders WHERE id = my_function(1)
SELECT public.count(id) FROM orders
SELECT id FROM orders ORDER BY neighbours(id)
UPDATE orders SET total = neighbours(id)
INSERT INTO orders (id) VALUES (neighbours(1))
DELETE FROM orders WHERE id = neighbours(1)
SELECT CASE WHEN 1 = 1 THEN neighbours(1) END
-- Statements.
SELECT 1; SELECT 2
SELECT id FROM orders; DROP TABLE orders
;
EXPLAIN SELECT * FROM orders
EXPLAIN ANALYZE SELECT * FROM orders
DESCRIBE orders
CREATE TABLE x (id INT)
CREATE INDEX x ON orders (id)
CREATE VIEW x AS SELECT * FROM orders
DROP TABLE orders
ALTER TABLE orders ADD COLUMN x INT
TRUNCATE TABLE orders
COMMIT
ROLLBACK
BEGIN
START TRANSACTION
SAVEPOINT a
RELEASE SAVEPOINT a
ROLLBACK TO SAVEPOINT a
GRANT SELECT ON orders TO x
REVOKE SELECT ON orders FROM x
SET search_path = x
CALL f()
MERGE INTO orders USING items ON orders.id = items.id WHEN MATCHED THEN DELETE
ANALYZE orders
SELEC id FROM orders
SELECT FROM WHERE
-- Values that cannot be bound or checked.
SELECT :name FROM orders
SELECT * INTO x FROM orders
SELECT id FROM orders TRUE
SELECT null.id FROM orders AS null
-- Clauses of other engines, and functions wherever one may stand.
SELECT id FROM orders WHERE id IN (f(1))
SELECT f(SELECT id FROM items) FROM orders
SELECT o.id FROM orders o LEFT SEMI JOIN items i ON i.order_id = o.id
SELECT o.id FROM orders o LEFT ANTI JOIN items i ON i.order_id = o.id
SELECT o.id FROM orders o CROSS APPLY items i
SELECT TOP 1 id FROM orders
SELECT id FROM orders QUALIFY id = 1
SELECT id FROM orders SORT BY id
SELECT id FROM orders CLUSTER BY id
SELECT id FROM orders DISTRIBUTE BY id
SELECT id FROM orders PREWHERE id = 1
SELECT id FROM orders LATERAL VIEW EXPLODE(id) t AS x
SELECT id FROM orders CONNECT BY PRIOR id = total
SELECT id FROM orders FOR JSON AUTO
SELECT id FROM orders SETTINGS a = 1
SELECT id FROM orders FORMAT JSON
FROM orders SELECT id
SELECT AS STRUCT id FROM orders
SELECT * EXCLUDE (total) FROM orders
SELECT * EXCEPT (total) FROM orders
SELECT * REPLACE (1 AS total) FROM orders
SELECT * RENAME (total AS t) FROM orders
SELECT COUNT(*) OVER w FROM orders WINDOW w AS (ORDER BY f(id))
INSERT OVERWRITE orders (id, customer) VALUES (7, 'x')
INSERT INTO TABLE orders (id, customer) VALUES (7, 'x')
INSERT INTO orders PARTITION (id = 1) (id, customer) VALUES (7, 'x')
INSERT INTO orders (id, customer) PARTITION (id = 1) VALUES (7, 'x')
INSERT INTO orders (id, customer) OUTPUT inserted.id VALUES (7, 'x')
INSERT LOW_PRIORITY INTO orders (id, customer) VALUES (7, 'x')
INSERT INTO orders (id, customer) SETTINGS a = 1 VALUES (7, 'x')
INSERT INTO orders (id, customer) FORMAT JSON
DELETE FROM orders OUTPUT deleted.id WHERE id = 1
DELETE FROM orders, items WHERE orders.id = 1
DELETE FROM orders JOIN items ON items.order_id = orders.id WHERE orders.id = 1
DELETE orders FROM orders WHERE id = 1
INSERT INTO ledger VALUES (DEFAULT) ORDER BY 1
INSERT INTO ledger VALUES (DEFAULT) LIMIT 1
DELETE FROM items AS i (a, b) WHERE a = 1
DELETE FROM items IN (SELECT ers)
SELECT id FROM orders ORDER BY f(id)
UPDATE orders SET other.total = 1 WHERE id = 1
UPDATE orders SET total = 1 OUTPUT deleted.id WHERE id = 1
WITH a AS (SELECT 1 AS n) FROM orders SELECT n FROM a
SELECT id FROM orders WHERE customer = x'1F'' OR 1 = 1 --'
INSERT INTO orders (id, customer, status, tenant_id, total, placed, meta) SELECT 9, d.*, 5, NULL FROM (SELECT 'x' AS a, 'y' AS b, 'globex' AS c, NULL AS e) d
UPDATE orders SET items.tenant_id = 'globex'
UPDATE orders SET tenant_id = LOWER('acme')
-- Words of the language.
SELECT id FROM orders WHERE NOT
SELECT CASE FROM orders
-- Texts the parser prints without their quotes.
SELECT id FROM orders AS o(id t('1)), items --'))
SELECT id FROM (SELECT 1 AS id) AS o(id t('1)), items --'))
WITH o(id t('1)) AS (SELECT 1) SELECT id FROM items --')) AS (SELECT 1 AS id) SELECT id FROM o
SELECT CAST(id AS t('1)) FROM items --')) FROM orders
SELECT CAST(id AS t('1')) FROM orders
