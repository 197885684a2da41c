-- Set operations.
SELECT id FROM orders UNION SELECT id FROM items
SELECT id FROM orders UNION ALL SELECT order_id FROM items
SELECT id FROM orders EXCEPT SELECT order_id FROM items
SELECT id FROM orders INTERSECT SELECT order_id FROM items
SELECT id FROM orders UNION ALL SELECT id FROM items EXCEPT SELECT id FROM products ORDER BY 1 LIMIT 3
SELECT id FROM orders UNION SELECT id FROM products UNION SELECT 99 ORDER BY id
SELECT 'order' AS kind, COUNT(*) AS n FROM orders UNION ALL SELECT 'item', COUNT(*) FROM items UNION ALL SELECT 'product', COUNT(*) FROM products
SELECT x.id FROM (SELECT id FROM orders UNION SELECT order_id FROM items) x WHERE x.id > 1
SELECT id FROM orders WHERE id IN (SELECT order_id FROM items UNION SELECT id FROM products)
SELECT COUNT(*) AS n FROM (SELECT id FROM orders INTERSECT SELECT order_id FROM items) x
-- Common table expressions.
WITH big AS (SELECT * FROM orders WHERE total > 15) SELECT b.id, i.sku FROM big b JOIN items i ON i.order_id = b.id
WITH big AS (SELECT id FROM orders WHERE total > 15) SELECT id FROM big
WITH big AS (SELECT id FROM orders WHERE total > 15) SELECT a.id, b.id FROM big a JOIN big b ON a.id < b.id
WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a UNION SELECT id FROM items) SELECT * FROM b
WITH a AS (SELECT id FROM orders) SELECT p.id FROM products p LEFT JOIN a ON a.id = p.id WHERE a.id IS NULL
WITH a (n, m) AS (SELECT id, total FROM orders) SELECT n, m FROM a WHERE m > 10
WITH a AS (SELECT COUNT(*) AS n FROM items) SELECT o.id, a.n FROM orders o, a
WITH a AS (WITH b AS (SELECT id FROM orders) SELECT id FROM b) SELECT id FROM a
SELECT x.id FROM (WITH a AS (SELECT id FROM orders) SELECT id FROM a) x
SELECT id FROM orders WHERE id IN (WITH a AS (SELECT order_id FROM items WHERE qty > 1) SELECT order_id FROM a)
WITH a AS (SELECT id FROM orders UNION ALL SELECT id FROM items) SELECT id, COUNT(*) AS n FROM a GROUP BY id
WITH a AS (SELECT id, total FROM orders), b AS (SELECT AVG(total) AS mean FROM a) SELECT a.id FROM a, b WHERE a.total > b.mean
WITH a AS (SELECT id FROM orders) SELECT id FROM a UNION SELECT order_id FROM items
WITH a AS (SELECT 1 AS id) SELECT (SELECT COUNT(*) FROM a) AS n, (SELECT COUNT(*) FROM orders) AS m
-- A common table expression named like a table hides it, but not in its own body.
WITH items AS (SELECT 1 AS id) SELECT COUNT(*) AS n FROM items
WITH items AS (SELECT id FROM orders), more AS (SELECT id FROM items) SELECT COUNT(*) AS n FROM more
WITH items AS (SELECT 1 AS id) SELECT o.id FROM orders o WHERE o.id IN (SELECT id FROM items)
SELECT (WITH items AS (SELECT 1 AS id) SELECT COUNT(*) FROM items) AS n, COUNT(*) AS m FROM items
WITH ledger AS (SELECT id FROM orders) SELECT COUNT(*) AS n FROM (SELECT id FROM ledger) x
WITH x AS (SELECT id FROM items), items AS (SELECT 1 AS id) SELECT COUNT(*) AS n FROM x
-- Recursion.
WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT COUNT(*) FROM orders)) SELECT i FROM n
WITH RECURSIVE n AS (SELECT id FROM orders WHERE id = 1 UNION SELECT i.order_id + 1 FROM items i JOIN n ON i.order_id = n.id) SELECT id FROM n
WITH RECURSIVE n AS (SELECT MIN(id) AS i FROM orders UNION ALL SELECT n.i + 1 FROM n JOIN orders o ON o.id = n.i + 1), m AS (SELECT i FROM n) SELECT i FROM m
WITH RECURSIVE orders AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM orders WHERE i < 3) SELECT i FROM orders
WITH RECURSIVE a AS (SELECT id FROM orders), b AS (SELECT id FROM a) SELECT id FROM b
