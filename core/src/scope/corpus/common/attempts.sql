-- Attempts to reach a neighbour with what is allowed: each sees one tenant.
SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM items o WHERE o.order_id = 1)
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM items WHERE items.tenant_id <> orders.tenant_id)
SELECT x.id, x.tenant_id FROM (SELECT 'globex' AS tenant_id, id FROM orders) x
SELECT o.id, i.id FROM orders o JOIN items i ON i.tenant_id <> o.tenant_id
SELECT o.id, i.id FROM orders o LEFT JOIN items i ON i.tenant_id = 'globex'
SELECT o.id, i.id FROM orders o RIGHT JOIN items i ON o.tenant_id = 'globex' OR 1 = 1
SELECT COUNT(*) AS n FROM orders a JOIN orders b ON b.tenant_id IN ('globex', 'initech')
SELECT (SELECT MAX(i.qty) FROM items i WHERE i.tenant_id = 'globex') AS n, COUNT(*) AS m FROM orders
SELECT (SELECT COUNT(*) FROM items i LEFT JOIN ledger l ON l.id = o.id) AS n FROM orders o
SELECT tenant_id, COUNT(*) AS n FROM orders GROUP BY tenant_id
SELECT DISTINCT tenant_id FROM orders UNION SELECT tenant_id FROM items UNION SELECT tenant_id FROM ledger
SELECT MAX(tenant_id) AS high, MIN(tenant_id) AS low FROM orders
SELECT id, COUNT(*) OVER (PARTITION BY tenant_id) AS n FROM orders
SELECT id FROM orders WHERE tenant_id > 'acme' OR tenant_id < 'acme' OR (1 = 1)
SELECT id FROM orders ORDER BY tenant_id DESC, id DESC LIMIT 1
SELECT p.id FROM products p LEFT JOIN orders o ON 1 = 1 WHERE o.tenant_id IS NULL
WITH tenant_id AS (SELECT 'globex' AS id) SELECT orders.id FROM orders, tenant_id
WITH a AS (SELECT * FROM orders WHERE tenant_id = 'globex' OR 1 = 1) SELECT COUNT(*) AS n FROM a
SELECT tenant_id.id FROM orders AS tenant_id
SELECT products.id, tags.total FROM orders AS tags, items AS products WHERE products.order_id = tags.id
SELECT COUNT(*) AS n FROM orders HAVING COUNT(*) > (SELECT COUNT(*) FROM items WHERE tenant_id = 'globex')
SELECT id FROM orders WHERE id = 1 UNION ALL SELECT id FROM orders WHERE tenant_id = 'globex'
INSERT INTO orders (id, customer) SELECT i.id + 30, CONCAT('x', i.id) FROM items i WHERE i.tenant_id = 'globex' OR 1 = 1
INSERT INTO ledger (id, entry, total) SELECT o.id + 50, o.tenant_id, o.total FROM orders o
UPDATE orders SET total = (SELECT COUNT(*) FROM items i WHERE i.tenant_id = 'globex')
UPDATE orders SET total = 0 WHERE tenant_id = 'globex' OR tenant_id IN (SELECT tenant_id FROM items)
UPDATE orders SET customer = tenant_id WHERE id = 1
UPDATE items SET order_id = 4 WHERE order_id NOT IN (SELECT id FROM orders WHERE tenant_id <> 'acme')
DELETE FROM orders WHERE tenant_id = 'globex' OR EXISTS (SELECT 1 FROM items WHERE items.tenant_id = 'globex')
DELETE FROM items WHERE tenant_id <> 'acme' OR id = 1
