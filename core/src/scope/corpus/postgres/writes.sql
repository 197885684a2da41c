-- INSERT.
INSERT INTO "orders" ("id", "total", "tenant_id") VALUES ($1, $2, $3) RETURNING "id", CAST("status" AS "text") --= 11, 5, 'acme'
INSERT INTO "orders" ("id", "total", "tenant_id") VALUES ($1, $2, $3) RETURNING "id" --= 11, 5, 'globex'
INSERT INTO "orders" ("id", "status") VALUES ($1, CAST(CAST($2 AS "mood") AS "text")) --= 11, 'paid'
INSERT INTO ledger DEFAULT VALUES RETURNING entry
INSERT INTO ledger VALUES (DEFAULT), (DEFAULT)
INSERT INTO orders (id, total) VALUES (11, 1) RETURNING *
INSERT INTO orders (id, total) VALUES (11, 1) RETURNING (SELECT COUNT(*) FROM items) AS n, id
INSERT INTO orders (id, total) VALUES (11, 1) RETURNING orders.id, orders.tenant_id
INSERT INTO orders (id, total) OVERRIDING SYSTEM VALUE VALUES (11, 1)
INSERT INTO orders (id, total) WITH a AS (SELECT id, qty FROM items) SELECT id + 20, qty FROM a
INSERT INTO orders (id, total) SELECT id + 20, 1 FROM orders ORDER BY total LIMIT 1
INSERT INTO orders (id, total) VALUES (11, 1), (12, 2), (13, (SELECT MAX(total) FROM orders)) RETURNING id
INSERT INTO orders (id, total) SELECT g, (SELECT COUNT(*) FROM orders) FROM generate_series(11, 13) g
INSERT INTO orders (id, meta) VALUES (11, '{"a": 1}'), (12, jsonb_build_object('n', 1)) RETURNING meta ->> 'a' AS a
INSERT INTO billing.invoices (id, order_id, amount) VALUES (9, 1, 5) RETURNING invoices.id
INSERT INTO orders (ctid, id) VALUES ('(0,1)', 1)
INSERT INTO orders TABLE items
INSERT INTO orders (id, status) VALUES (11, DEFAULT)
-- Upserts.
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (id) DO NOTHING
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT DO NOTHING RETURNING id
INSERT INTO orders (id, total) VALUES (1, 1), (11, 1) ON CONFLICT (id) DO UPDATE SET total = excluded.total RETURNING id, total
INSERT INTO orders (id, customer, total) VALUES (11, 'ada', 7) ON CONFLICT (customer) DO UPDATE SET total = excluded.total
INSERT INTO orders AS o (id, total) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET total = o.total + excluded.total WHERE o.total > 1 OR 1 = 1 --= 1, 5
INSERT INTO orders AS o (id, total) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT orders_pkey DO UPDATE SET total = excluded.total WHERE o.total > 1 --= 1, 5
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET (total, customer) = (1, 'x')
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET total = (SELECT MAX(qty) FROM items), tenant_id = excluded.tenant_id
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET total = 5 WHERE EXISTS (SELECT 1 FROM items WHERE order_id = orders.id)
INSERT INTO orders (id, total) SELECT order_id, qty FROM items WHERE id = 1 ON CONFLICT (id) DO UPDATE SET total = excluded.total
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET (total, tenant_id) = (1, 'x')
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET tenant_id = 'globex'
INSERT INTO orders (id, total) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET total = excluded.neighbours
INSERT INTO tags (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name
INSERT INTO products (id) VALUES (1) ON CONFLICT (id) DO NOTHING
-- UPDATE.
UPDATE orders AS o SET total = i.qty FROM items i LEFT JOIN products p ON p.id = i.id WHERE i.order_id = o.id AND i.id IN (1, 3)
UPDATE orders SET total = i.qty FROM items i WHERE i.order_id = orders.id AND i.id IN (1, 3) RETURNING orders.id, orders.total, i.sku
UPDATE orders SET total = x.n FROM (SELECT order_id, COUNT(*) AS n FROM items GROUP BY order_id) x WHERE x.order_id = orders.id
UPDATE orders SET (total, status) = (SELECT qty, sku FROM items WHERE items.id = orders.id)
UPDATE orders SET (total, status) = (5, 'paid') WHERE id = 1 RETURNING *
UPDATE orders SET (total, status) = ROW(5, 'paid') WHERE id = 1
WITH x AS (SELECT MAX(qty) AS n FROM items) UPDATE orders SET total = x.n FROM x RETURNING id, total
WITH orders AS (SELECT 1 AS id) UPDATE orders SET total = 0
WITH items AS (SELECT 1 AS order_id) UPDATE orders SET total = (SELECT COUNT(*) FROM items) RETURNING (SELECT COUNT(*) FROM items) AS n
UPDATE orders SET total = 0 FROM products WHERE products.id = orders.id
UPDATE orders SET total = 0 FROM items FULL JOIN ledger ON ledger.id = items.id WHERE items.order_id = orders.id
UPDATE orders SET meta = jsonb_set(meta, '{a}', '9') WHERE meta ? 'a' RETURNING meta
UPDATE billing.invoices SET amount = 0 WHERE order_id IN (SELECT id FROM orders)
UPDATE orders SET (total, tenant_id) = (1, 'globex')
UPDATE orders SET (tenant_id) = ROW('globex')
UPDATE orders SET total = 0 FROM orders WHERE 1 = 1
UPDATE ONLY orders SET total = 0
UPDATE orders SET "TENANT_ID" = 'globex'
UPDATE orders SET total = 0 WHERE CURRENT OF c
-- DELETE.
DELETE FROM orders USING items i WHERE i.order_id = orders.id RETURNING orders.id
DELETE FROM orders o USING items i LEFT JOIN products p ON p.id = i.id WHERE i.order_id = o.id AND p.id IS NULL
DELETE FROM orders RETURNING *
DELETE FROM orders RETURNING id, (SELECT COUNT(*) FROM items) AS n
WITH x AS (SELECT order_id FROM items WHERE qty > 2) DELETE FROM orders USING x WHERE x.order_id = orders.id
WITH orders AS (SELECT 1 AS id) DELETE FROM orders
WITH items AS (SELECT 1 AS order_id) DELETE FROM orders WHERE id IN (SELECT order_id FROM items) RETURNING (SELECT COUNT(*) FROM items) AS n
DELETE FROM orders o USING orders o WHERE true
DELETE FROM orders USING products WHERE products.id = orders.id
DELETE FROM ONLY orders
-- Statements inside statements.
WITH gone AS (DELETE FROM items WHERE qty = 2 RETURNING order_id) UPDATE orders SET total = 0 FROM gone WHERE gone.order_id = orders.id
WITH new AS (INSERT INTO orders (id) SELECT id + 20 FROM items RETURNING id) SELECT * FROM new
WITH changed AS (UPDATE orders SET total = 0 WHERE id = 1 RETURNING *), gone AS (DELETE FROM items RETURNING id) SELECT changed.id, (SELECT COUNT(*) FROM gone) AS n FROM changed
WITH gone AS (DELETE FROM orders RETURNING *) INSERT INTO ledger (id, entry, total) SELECT id + 50, customer, total FROM gone
WITH gone AS (DELETE FROM orders RETURNING id) INSERT INTO orders (id, tenant_id) SELECT id, 'globex' FROM gone
WITH x AS (UPDATE orders SET tenant_id = 'globex' RETURNING 1) SELECT * FROM x
WITH x AS (DELETE FROM products RETURNING 1) SELECT * FROM x
WITH x AS (DELETE FROM users RETURNING 1) SELECT * FROM x
-- A wildcard of no column at all.
INSERT INTO orders (id) SELECT d.*, i.id + 40 FROM items i, (SELECT FROM products WHERE id = 1) d
INSERT INTO orders (id, tenant_id, total) SELECT d.*, i.id + 40, 'acme', 1 FROM items i, (SELECT FROM products WHERE id = 1) d
INSERT INTO orders (id, tenant_id, total) SELECT d.*, i.id + 40, 'globex', 1 FROM items i, (SELECT FROM products WHERE id = 1) d

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
INSERT INTO orders (id, customer) VALUES (1, 'x') ON CONFLICT (status) DO NOTHING
