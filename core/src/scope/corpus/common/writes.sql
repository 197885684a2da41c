-- INSERT … VALUES.
INSERT INTO orders (id, total) VALUES (11, 2), (12, 4)
INSERT INTO orders (id, customer, status, total) VALUES (11, 'new', 'open', NULL)
INSERT INTO orders (id, tenant_id) VALUES (11, 'acme')
INSERT INTO orders (tenant_id, id, customer) VALUES ('acme', 11, 'x'), ('acme', 12, 'y')
INSERT INTO orders (id, tenant_id) VALUES (11, 'globex')
INSERT INTO orders (id, tenant_id) VALUES (11, 7)
INSERT INTO orders (id, total) VALUES (11, (SELECT MAX(qty) FROM items))
INSERT INTO orders (id, total) VALUES (11, (SELECT COUNT(*) FROM items) + 1), ((SELECT MAX(order_id) FROM items) + 1, 0)
INSERT INTO orders (id, total) VALUES (1, 2)
INSERT INTO ledger (id, entry, total) VALUES (5, 'paid', 20)
INSERT INTO tags (id, name) VALUES (9, 'new')
INSERT INTO products (id) VALUES (1)
INSERT INTO orders (id, tenant_id) VALUES (1, (SELECT tenant_id FROM orders))
INSERT INTO orders (id, tenant_id) VALUES (1, CONCAT('glo', 'bex'))
INSERT INTO orders (id, tenant_id, tenant_id) VALUES (1, 'a', 'b')
INSERT INTO orders (id, TENANT_ID) VALUES (11, 'globex')
INSERT INTO orders (orders.id, total) VALUES (1, 2)
INSERT INTO orders VALUES (1, 2, 3)
INSERT INTO orders (id, total, tenant_id) VALUES (1, 2)
-- INSERT … SELECT.
INSERT INTO orders (id, total) SELECT id + 20, qty FROM items WHERE qty > 1
INSERT INTO orders (id, total) SELECT id + 20, price FROM products
INSERT INTO orders (id, total) SELECT id + 20, total FROM orders WHERE total > 10 OR id = 1
INSERT INTO orders (id, total) SELECT id + 20, qty FROM items UNION SELECT id + 40, price FROM products
INSERT INTO orders (id, total) SELECT MAX(id) + 20, COUNT(*) FROM items
INSERT INTO orders (id, total) SELECT DISTINCT order_id + 20, 1 FROM items
INSERT INTO orders (tenant_id, id) SELECT tenant_id, id + 20 FROM items
INSERT INTO orders (tenant_id, id) SELECT i.tenant_id, i.id + 20 FROM items i JOIN products p ON p.id = i.id
INSERT INTO orders (id, tenant_id) SELECT id + 20, 'acme' FROM items
INSERT INTO orders (id, tenant_id) SELECT id, 'globex' FROM items UNION ALL SELECT 1, 'initech'
INSERT INTO orders (id, tenant_id) SELECT * FROM items
INSERT INTO orders (tenant_id, id) SELECT *, 1 FROM items
INSERT INTO orders (id, tenant_id) SELECT id, UPPER(tenant_id) FROM items
INSERT INTO items (id, order_id, sku, qty) SELECT o.id + 20, o.id, 'gift', (SELECT COUNT(*) FROM items) FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE i.id IS NULL
INSERT INTO tags (id, name) SELECT id + 20, customer FROM orders
INSERT INTO products (id) SELECT id FROM orders
-- UPDATE.
UPDATE orders SET total = 1 WHERE id = 1 OR id = 2
UPDATE orders SET total = total + 1
UPDATE orders SET total = total + 1, status = 'paid' WHERE status = 'open'
UPDATE orders SET total = (SELECT MAX(qty) FROM items)
UPDATE orders SET total = (SELECT SUM(qty) FROM items WHERE items.order_id = orders.id) WHERE id IN (SELECT order_id FROM items)
UPDATE orders SET status = CASE WHEN EXISTS (SELECT 1 FROM items WHERE items.order_id = orders.id) THEN 'full' ELSE 'empty' END
UPDATE orders SET status = 'paid' WHERE NOT EXISTS (SELECT 1 FROM items WHERE items.order_id = orders.id)
UPDATE items SET qty = 0 WHERE order_id NOT IN (SELECT id FROM orders)
UPDATE orders SET tenant_id = 'acme', total = 5 WHERE id = 1
UPDATE orders SET id = id + 100 WHERE id = 1
UPDATE orders SET id = 2 WHERE id = 1
UPDATE ledger SET total = 0 WHERE entry LIKE '%a%' OR 1 = 1
UPDATE tags SET name = 'x' WHERE id = 1
UPDATE orders SET tenant_id = 'globex'
UPDATE orders SET tenant_id = customer
UPDATE orders SET tenant_id = NULL
UPDATE orders SET tenant_id = DEFAULT
UPDATE orders SET tenant_id = (SELECT 'globex')
UPDATE orders SET total = 1, TENANT_ID = 'globex'
UPDATE products SET title = 'x'
UPDATE products SET title = (SELECT customer FROM orders)
-- DELETE.
DELETE FROM orders WHERE id = 1 OR total = 20
DELETE FROM orders
DELETE FROM orders WHERE id IN (SELECT order_id FROM items WHERE qty > 2)
DELETE FROM orders WHERE NOT EXISTS (SELECT 1 FROM items WHERE items.order_id = orders.id)
DELETE FROM items WHERE order_id NOT IN (SELECT id FROM orders)
DELETE FROM items WHERE qty > (SELECT AVG(total) FROM ledger)
DELETE FROM ledger WHERE tenant_id = 'globex' OR tenant_id = 'acme'
DELETE FROM tags WHERE id = 1
DELETE FROM products
INSERT INTO orders (id, total, tenant_id) SELECT *, 'acme' FROM items
INSERT INTO orders (id, tenant_id, total) SELECT *, 'acme', 1, * FROM items
-- The rows of a query in parentheses.
INSERT INTO ledger (id, entry) (SELECT i.id + 60, i.sku FROM items i)
-- What somebody wrote for the tenant column is compared also behind parentheses and casts.
INSERT INTO orders (id, customer, tenant_id) VALUES (9, 'x', ('acme'))
INSERT INTO orders (id, customer, tenant_id) VALUES (9, 'x', CAST('acme' AS CHAR(4)))
