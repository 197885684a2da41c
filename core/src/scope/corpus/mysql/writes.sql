-- INSERT.
INSERT INTO `orders` (`id`, `total`, `tenant_id`) VALUES (?, ?, ?), (?, ?, 'acme') --= 11, 5, 'acme', 12, 6
INSERT INTO `orders` (`id`, `total`, `tenant_id`) VALUES (?, ?, ?) --= 11, 5, 'globex'
INSERT INTO `ledger` VALUES ()
INSERT INTO `ledger` () VALUES (), ()
INSERT orders (id) VALUES (11)
INSERT IGNORE INTO orders (id) VALUES (?), (1) --= 11
INSERT INTO orders (id, total) VALUES (11, 1) RETURNING id, total
INSERT INTO orders (id, total) VALUES (11, 1) RETURNING (SELECT COUNT(*) FROM items) AS n
INSERT INTO orders (id, total) VALUE (11, 1)
INSERT INTO orders (id, total) SELECT id + 20, total FROM orders ORDER BY total DESC LIMIT 1
INSERT INTO orders (id, total) WITH a AS (SELECT id, qty FROM items) SELECT id + 20, qty FROM a
INSERT INTO orders SET id = 11, total = 2
INSERT DELAYED INTO orders (id) VALUES (11)
INSERT INTO orders PARTITION (p0) (id) VALUES (11)
INSERT INTO orders (id, tenant_İd) VALUES (11, 'globex')
REPLACE INTO orders (id) VALUES (1)
REPLACE INTO orders SET id = 1
INSERT INTO orders (id, status) VALUES (11, DEFAULT)
-- Upserts.
INSERT INTO orders (id, total) VALUES (?, ?) ON DUPLICATE KEY UPDATE total = VALUES(total), tenant_id = VALUES(tenant_id), customer = ? --= 1, 5, 'x'
INSERT INTO orders (id, total) VALUES (1, 5) ON DUPLICATE KEY UPDATE total = orders.total + VALUES(total)
INSERT INTO orders (id, total) VALUES (1, 5), (11, 6) ON DUPLICATE KEY UPDATE total = total + 1
INSERT INTO orders (id, total) VALUES (1, 5) ON DUPLICATE KEY UPDATE total = (SELECT MAX(qty) FROM items)
INSERT INTO orders (id, total) SELECT order_id, qty FROM items WHERE id = 1 ON DUPLICATE KEY UPDATE total = VALUES(total)
INSERT INTO orders (id, total) VALUES (1, 5) AS new ON DUPLICATE KEY UPDATE total = new.total
INSERT IGNORE INTO orders (id, total) VALUES (1, 5) ON DUPLICATE KEY UPDATE total = 7
INSERT INTO ledger (id, total) VALUES (1, 5) ON DUPLICATE KEY UPDATE total = VALUES(total)
INSERT INTO tags (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = VALUES(name)
INSERT INTO orders (id, total) VALUES (?, ?) ON DUPLICATE KEY UPDATE tenant_id = 'globex' --= 1, 5
INSERT INTO orders (id, total) VALUES (?, ?) ON DUPLICATE KEY UPDATE total = 1 RETURNING * --= 1, 5
INSERT INTO orders (id, total) VALUES (1, 5) ON DUPLICATE KEY UPDATE total = neighbours(1)
INSERT INTO orders (id) VALUES (1) ON DUPLICATE KEY UPDATE tenant_İd = 'globex'
SELECT VALUES(total) FROM orders
-- UPDATE.
UPDATE orders SET total = ? WHERE id = ? ORDER BY id LIMIT 3 --= 5, 1
UPDATE orders SET total = 0 ORDER BY total DESC, id LIMIT 1
UPDATE orders o JOIN items i ON i.order_id = o.id SET o.total = i.qty, i.qty = ? WHERE o.id = ? --= 0, 2
UPDATE orders o, items i SET o.total = 0 WHERE i.order_id = o.id
UPDATE orders o JOIN products p ON p.id = o.id SET o.total = p.price
UPDATE orders o LEFT JOIN items i ON i.order_id = o.id SET o.status = 'empty' WHERE i.id IS NULL
UPDATE orders o LEFT JOIN items i ON i.order_id = o.id SET i.qty = 0
UPDATE orders o JOIN (SELECT order_id, COUNT(*) AS n FROM items GROUP BY order_id) x ON x.order_id = o.id SET o.total = x.n
UPDATE orders o JOIN items i ON i.order_id = o.id SET o.total = 0, o.tenant_id = 'acme'
UPDATE IGNORE orders SET id = 2 WHERE id = 1
UPDATE LOW_PRIORITY orders SET total = 0
UPDATE orders o RIGHT JOIN items i ON i.order_id = o.id SET o.total = 0
UPDATE orders o NATURAL JOIN items i SET o.total = i.qty
UPDATE orders o JOIN products p ON p.id = o.id SET p.price = 0
UPDATE orders o JOIN products p ON p.id = o.id SET price = 0
UPDATE orders o LEFT JOIN items i ON i.order_id = o.id SET o.tenant_id = i.tenant_id
UPDATE orders SET tenant_İd = 'globex'
UPDATE orders SET `TENANT_ID` = 'globex'
UPDATE orders o JOIN items i ON i.order_id = o.id SET i.tenant_id = 'globex'
UPDATE orders SET shop.orders.total = 1
WITH x AS (SELECT MAX(qty) AS n FROM items) UPDATE orders, x SET total = x.n
WITH orders AS (SELECT 1 AS id) UPDATE orders SET total = 0
-- DELETE.
DELETE FROM orders WHERE id = ? ORDER BY id LIMIT 1 --= 1
DELETE FROM orders ORDER BY total DESC, id LIMIT 2
DELETE FROM orders WHERE id = 1 RETURNING id, total
DELETE o FROM orders AS o JOIN items AS i ON i.order_id = o.id WHERE i.qty = ? --= 2
DELETE o, i FROM orders o LEFT JOIN items i ON i.order_id = o.id
DELETE orders FROM orders JOIN items ON items.order_id = orders.id WHERE items.qty > 2
DELETE o FROM orders o, items i WHERE i.order_id = o.id OR o.id = 4
DELETE i FROM items i LEFT JOIN orders o ON o.id = i.order_id WHERE o.id IS NULL
DELETE o FROM orders o RIGHT JOIN items i ON i.order_id = o.id
DELETE p FROM orders o JOIN products p ON p.id = o.id
DELETE FROM o USING orders AS o JOIN items AS i ON i.order_id = o.id
DELETE x FROM orders o JOIN items i ON i.order_id = o.id
DELETE shop.orders FROM orders
DELETE IGNORE FROM orders WHERE id = 1
DELETE QUICK FROM orders WHERE id = 1
WITH x AS (SELECT order_id FROM items) DELETE FROM orders WHERE id IN (SELECT order_id FROM x)
WITH orders AS (SELECT 1 AS id) DELETE FROM orders
