-- Inner joins: every table is filtered in WHERE.
SELECT o.id, i.sku FROM orders AS o INNER JOIN items AS i ON i.order_id = o.id WHERE i.qty > 2
SELECT o.id, i.sku FROM orders o JOIN items i ON i.order_id = o.id OR i.qty = 1
SELECT orders.id, items.sku FROM orders JOIN items ON items.order_id = orders.id
SELECT o.id, i.sku, p.title FROM orders o JOIN items i ON i.order_id = o.id JOIN products p ON p.id = i.id
SELECT o.id, i.id FROM orders o CROSS JOIN items i
SELECT o.id, i.id, p.id FROM orders o, items i, products p WHERE i.order_id = o.id AND p.id = i.id
SELECT o.id, i.sku FROM orders o, items i WHERE i.order_id = o.id OR o.total > 100
SELECT o.id, i.id, p.id FROM orders o, items i JOIN products p ON p.id = i.id
SELECT a.id, b.id FROM orders a JOIN orders b ON a.id < b.id
SELECT a.id, b.id, c.id FROM orders a JOIN orders b ON a.id < b.id JOIN orders c ON b.id < c.id
SELECT o.id, l.entry FROM orders o JOIN ledger l ON l.total = o.total
SELECT COUNT(*) AS n FROM orders o JOIN items i ON 1 = 1
SELECT o.* FROM orders o JOIN items i ON i.order_id = o.id AND i.qty > 1
SELECT o.id, i.id FROM orders o JOIN items i ON i.order_id = (SELECT MAX(x.order_id) FROM items x WHERE x.order_id = o.id)
SELECT o.id FROM orders o JOIN items i ON EXISTS (SELECT 1 FROM items x WHERE x.order_id = o.id AND x.id = i.id)
-- Outer joins: what may be missing is filtered before it can be.
SELECT o.id, i.sku FROM orders o LEFT JOIN items i ON i.order_id = o.id
SELECT o.id, i.sku FROM orders o LEFT JOIN items i ON i.order_id = o.id OR i.qty = 0
SELECT o.id, i.sku FROM orders o LEFT OUTER JOIN items i ON i.order_id = o.id AND i.qty > 2
SELECT o.id, i.sku FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE i.qty > 2
SELECT o.id FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE i.id IS NULL
SELECT o.id, COUNT(i.id) AS n FROM orders o LEFT JOIN items i ON i.order_id = o.id GROUP BY o.id
SELECT o.id, i.sku, p.title FROM orders o LEFT JOIN items i ON i.order_id = o.id LEFT JOIN products p ON p.id = i.id
SELECT o.id, i.sku, l.entry FROM orders o LEFT JOIN items i ON i.order_id = o.id LEFT JOIN ledger l ON l.id = i.id
SELECT o.id, i.id, p.id FROM orders o LEFT JOIN items i ON i.order_id = o.id JOIN products p ON p.id = o.id
SELECT p.id, i.sku FROM products p LEFT JOIN items i ON i.id = p.id
SELECT p.id, COUNT(i.id) AS n FROM products p LEFT JOIN items i ON i.id = p.id GROUP BY p.id
SELECT o.id, i.id FROM orders o RIGHT JOIN items i ON i.order_id = o.id
SELECT o.id, i.id FROM orders o RIGHT OUTER JOIN items i ON i.order_id = o.id AND o.total > 10
SELECT o.id, i.id FROM orders o RIGHT JOIN items i ON i.order_id = o.id WHERE o.id IS NULL
SELECT o.id, p.id FROM orders o RIGHT JOIN products p ON p.id = o.id
SELECT o.id, p.id, i.id FROM orders o LEFT JOIN products p ON p.id = o.id RIGHT JOIN items i ON i.order_id = o.id
SELECT o.id, i.id, l.id FROM orders o LEFT JOIN items i ON i.order_id = o.id RIGHT JOIN ledger l ON l.id = o.id
SELECT a.id, b.id FROM orders a LEFT JOIN orders b ON b.id = a.id + 1 AND b.total > (SELECT AVG(total) FROM orders)
SELECT o.id, i.id FROM orders o LEFT JOIN items i ON i.order_id IN (SELECT id FROM orders WHERE total > 15)
-- USING and NATURAL: the tenant columns are merged.
SELECT o.customer, i.sku FROM orders o JOIN items i USING (id)
SELECT o.customer, i.sku FROM orders o JOIN items i USING (tenant_id, id)
SELECT id, o.customer, i.sku FROM orders o LEFT JOIN items i USING (id)
SELECT o.id, i.sku FROM orders o NATURAL JOIN items i
SELECT * FROM orders NATURAL JOIN items
SELECT o.id, i.sku FROM orders o NATURAL LEFT JOIN items i
SELECT o.customer, l.entry FROM orders o NATURAL RIGHT JOIN ledger l
SELECT COUNT(*) AS n FROM orders NATURAL JOIN products
-- Nested joins.
SELECT o.id, i.id, p.id FROM orders o LEFT JOIN (items i JOIN products p ON p.id = i.id) ON i.order_id = o.id
SELECT o.id, i.id, l.id FROM orders o LEFT JOIN (items i LEFT JOIN ledger l ON l.id = i.id) ON i.order_id = o.id
SELECT o.id, i.id FROM (orders o JOIN items i ON i.order_id = o.id)
SELECT o.id, i.id, p.id FROM products p JOIN (orders o JOIN items i ON i.order_id = o.id) ON p.id = o.id
SELECT o.id, i.id, l.id FROM (orders o LEFT JOIN items i ON i.order_id = o.id) RIGHT JOIN ledger l ON l.id = o.id
-- Derived tables.
SELECT x.n FROM (SELECT COUNT(*) AS n FROM orders) AS x
SELECT o.id, x.n FROM orders o JOIN (SELECT order_id, COUNT(*) AS n FROM items GROUP BY order_id) x ON x.order_id = o.id
SELECT o.id, x.n FROM orders o LEFT JOIN (SELECT order_id, SUM(qty) AS n FROM items GROUP BY order_id) x ON x.order_id = o.id
SELECT x.id FROM (SELECT * FROM (SELECT id, total FROM orders) y WHERE y.total > 10) x
SELECT orders.id FROM (SELECT id FROM orders WHERE total > 10) AS orders
SELECT items.id, orders.id FROM orders AS items JOIN items AS orders ON items.id = orders.order_id
SELECT a.id, b.id FROM (SELECT id FROM orders) a, (SELECT id FROM items) b
