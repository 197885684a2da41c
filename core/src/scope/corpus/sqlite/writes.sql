-- INSERT.
INSERT INTO "orders" ("id", "total", "tenant_id") VALUES (?, ?, ?), (?, ?, ?) RETURNING "id" --= 11, 5, 'acme', 12, 6, 'acme'
INSERT INTO "orders" ("id", "total", "tenant_id") VALUES (?, ?, ?) --= 11, 5, 'globex'
INSERT INTO ledger DEFAULT VALUES
INSERT INTO ledger DEFAULT VALUES RETURNING entry
INSERT INTO orders (id, total) VALUES (11, 1) RETURNING *
INSERT INTO orders (id, total) VALUES (11, 1) RETURNING (SELECT COUNT(*) FROM items) AS n, id
INSERT INTO orders (id, total) SELECT id + 20, total FROM orders ORDER BY total DESC LIMIT 1
INSERT INTO orders (id, total) WITH a AS (SELECT id, qty FROM items) SELECT id + 20, qty FROM a
WITH a AS (SELECT id, qty FROM items) INSERT INTO orders (id, total) SELECT id + 20, qty FROM a
WITH orders AS (SELECT 50 AS id) INSERT INTO orders (id) SELECT id FROM orders
WITH items AS (SELECT 50 AS id) INSERT INTO orders (id) SELECT id FROM items RETURNING id, (SELECT COUNT(*) FROM items) AS n
INSERT INTO orders (id, meta) VALUES (11, '{"a": 1}'), (12, json_object('n', 1)) RETURNING meta ->> 'a' AS a
INSERT INTO orders (rowid, id) VALUES (1, 11)
INSERT OR ABORT INTO orders (id) VALUES (11)
INSERT OR IGNORE INTO orders (id) VALUES (1), (11)
INSERT OR REPLACE INTO orders (id) VALUES (1)
INSERT OR ROLLBACK INTO orders (id) VALUES (1)
INSERT OR FAIL INTO orders (id) VALUES (1)
REPLACE INTO orders (id) VALUES (1)
-- Upserts.
INSERT INTO orders (id, total) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET total = excluded.total, tenant_id = excluded.tenant_id RETURNING id, total --= 1, 5
INSERT INTO orders (id, total) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET total = excluded.total WHERE orders.total < 5 OR 1 = 1 --= 1, 5
INSERT INTO orders (id, total) VALUES (?, ?) ON CONFLICT DO NOTHING --= 1, 5
INSERT INTO orders (id, total) VALUES (1, 5) ON CONFLICT (id) DO NOTHING RETURNING id
INSERT INTO orders AS o (id, total) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET total = o.total + excluded.total
INSERT INTO orders (id, customer, total) VALUES (11, 'ada', 7) ON CONFLICT (customer) DO UPDATE SET total = excluded.total
INSERT INTO orders (id, total) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET (total, customer) = (1, 'x')
INSERT INTO orders (id, total) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET total = (SELECT MAX(qty) FROM items)
INSERT INTO orders (id, total) SELECT order_id, qty FROM items WHERE id = 1 ON CONFLICT (id) DO UPDATE SET total = excluded.total
INSERT INTO ledger (id, total) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET total = excluded.total --= 1, 5
INSERT INTO tags (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name
INSERT INTO orders (id) VALUES (1) ON CONFLICT (customer) DO UPDATE SET tenant_id = 'globex'
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET (total, tenant_id) = (1, 'globex')
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET total = neighbours(1)
INSERT INTO orders (id) VALUES (1) ON CONFLICT (rowid) DO NOTHING
-- UPDATE.
UPDATE orders SET total = i.qty FROM items AS i WHERE i.order_id = orders.id AND i.id IN (1, 3) RETURNING total
UPDATE orders SET total = x.n FROM (SELECT order_id, COUNT(*) AS n FROM items GROUP BY order_id) x WHERE x.order_id = orders.id
UPDATE orders AS o SET total = 0 FROM items i LEFT JOIN products p ON p.id = i.id WHERE i.order_id = o.id AND p.id IS NULL
UPDATE orders SET (total, status) = (SELECT qty, sku FROM items WHERE items.id = orders.id)
UPDATE orders SET (total, status) = (5, 'paid') WHERE id = 1 RETURNING *
WITH x AS (SELECT MAX(qty) AS n FROM items) UPDATE orders SET total = (SELECT n FROM x)
WITH orders AS (SELECT 1 AS id) UPDATE orders SET total = 0
WITH items AS (SELECT 1 AS order_id) UPDATE orders SET total = (SELECT COUNT(*) FROM items) RETURNING (SELECT COUNT(*) FROM items) AS n
UPDATE orders SET total = 0 RETURNING id, (SELECT COUNT(*) FROM items) AS n
UPDATE OR IGNORE orders SET id = 2 WHERE id = 1
UPDATE OR REPLACE orders SET id = 2
UPDATE OR ROLLBACK orders SET id = 2
UPDATE orders SET total = orders2.total FROM orders AS orders WHERE 1 = 1
UPDATE orders SET total = b.total FROM orders AS b WHERE b.id = orders.id + 1
UPDATE orders SET (total, tenant_id) = (1, 'globex')
UPDATE orders SET [Tenant_Id] = 'globex'
UPDATE orders SET rowid = 7
UPDATE orders SET total = 1 ORDER BY id LIMIT 1
UPDATE main.orders SET total = 1
-- DELETE.
DELETE FROM orders WHERE id = ? RETURNING * --= 1
DELETE FROM orders RETURNING id, (SELECT COUNT(*) FROM items) AS n
WITH x AS (SELECT order_id FROM items WHERE qty > 2) DELETE FROM orders WHERE id IN (SELECT order_id FROM x)
WITH orders AS (SELECT 1 AS id) DELETE FROM orders
WITH items AS (SELECT 1 AS order_id) DELETE FROM orders WHERE id IN (SELECT order_id FROM items) RETURNING (SELECT COUNT(*) FROM items) AS n
WITH orders AS (SELECT 1 AS id) DELETE FROM items WHERE order_id IN (SELECT id FROM orders)
DELETE FROM orders AS o WHERE o.total > 15
DELETE FROM orders WHERE rowid = 1
DELETE FROM orders ORDER BY id LIMIT 1

-- conflict targets beyond a list of columns
INSERT INTO orders (id, total) VALUES (1, 2) ON CONFLICT (customer) WHERE total > 0 DO UPDATE SET total = excluded.total
INSERT INTO orders (id, total) VALUES (1, 2) ON CONFLICT (lower(customer), id) WHERE (total > 0 AND customer <> 'do') DO NOTHING
INSERT INTO orders (id, tenant_id) VALUES (1, 'acme') ON CONFLICT (tenant_id, lower(customer)) DO UPDATE SET total = 1 WHERE orders.total = 5
INSERT INTO ledger (id) VALUES (1) ON CONFLICT (id) WHERE id > 5 DO UPDATE SET id = 2 WHERE ledger.id = 1
INSERT INTO orders (id) VALUES (1) ON CONFLICT (customer) WHERE id = (SELECT 1 FROM items) DO NOTHING
INSERT INTO orders (id) VALUES (1) ON CONFLICT ((load_file(customer))) DO NOTHING
SELECT * FROM orders JOIN items ON conflict (items.id + 1) WHERE true
INSERT INTO orders (id, total) VALUES (1, 2) ON CONFLICT (coalesce(customer, 'x'), id) DO NOTHING
INSERT INTO orders (id, total) VALUES (1, 2) ON CONFLICT (lower(customer)) DO UPDATE SET total = (SELECT MAX(qty) FROM items) WHERE orders.id IN (SELECT order_id FROM items)
INSERT INTO orders (id, total) VALUES (1, 2) ON CONFLICT (customer) WHERE (total > 0 AND (do > 1)) DO NOTHING
INSERT INTO orders (id, customer) VALUES (1, 'x') ON CONFLICT (status) DO NOTHING
