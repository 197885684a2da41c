-- In the select list.
SELECT (SELECT MAX(total) FROM orders) AS top, p.id FROM products p
SELECT o.id, (SELECT COUNT(*) FROM items i WHERE i.order_id = o.id) AS n FROM orders o
SELECT o.id, (SELECT COUNT(*) FROM items) - (SELECT COUNT(*) FROM orders) AS n FROM orders o
SELECT (SELECT (SELECT (SELECT COUNT(*) FROM items) + COUNT(*) FROM orders) + 1) AS n
SELECT EXISTS (SELECT 1 FROM items WHERE qty > 100) AS many
SELECT COALESCE((SELECT MAX(total) FROM orders WHERE id = 99), (SELECT MIN(total) FROM orders)) AS n
SELECT p.id, (SELECT o.customer FROM orders o WHERE o.id = p.id) AS customer FROM products p
SELECT (SELECT COUNT(*) FROM items i LEFT JOIN orders x ON x.id = i.order_id AND x.id = o.id) AS n FROM orders o
-- In WHERE.
SELECT id FROM orders WHERE id IN (SELECT order_id FROM items WHERE qty > 2)
SELECT id FROM orders WHERE id IN (SELECT order_id FROM items WHERE qty > (SELECT AVG(qty) FROM items))
SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM items)
SELECT id FROM orders WHERE total NOT IN (SELECT total FROM ledger)
SELECT id FROM orders WHERE total NOT IN (SELECT qty FROM items WHERE qty < 3)
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id)
SELECT id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id)
SELECT id FROM orders o WHERE NOT EXISTS (SELECT * FROM items WHERE order_id = o.id AND NOT EXISTS (SELECT 1 FROM products p WHERE p.id = items.id))
SELECT id FROM orders WHERE total = (SELECT MAX(total) FROM orders)
SELECT id FROM orders WHERE total > (SELECT AVG(total) FROM orders o2 WHERE o2.status = orders.status)
SELECT id FROM orders WHERE total BETWEEN (SELECT MIN(qty) FROM items) AND (SELECT MAX(total) FROM ledger)
SELECT id FROM orders WHERE (id, total) IN (SELECT order_id, qty FROM items)
SELECT id FROM orders WHERE (id, status) = (1, 'open')
SELECT p.id FROM products p WHERE p.id IN (SELECT id FROM orders) AND p.id NOT IN (SELECT order_id FROM items)
SELECT p.id FROM products p WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.id = p.id)
SELECT id FROM orders WHERE total > 10 OR id IN (SELECT order_id FROM items) OR EXISTS (SELECT 1 FROM ledger WHERE total > 1000)
SELECT id FROM orders WHERE NOT (id IN (SELECT order_id FROM items))
SELECT o.id FROM orders o WHERE (SELECT COUNT(*) FROM items i WHERE i.order_id = o.id) >= 2
SELECT i.id FROM items i WHERE i.order_id IN (SELECT o.id FROM orders o WHERE o.customer IN (SELECT p.title FROM products p))
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM orders)
SELECT id FROM orders WHERE customer LIKE (SELECT MIN(customer) FROM orders)
-- In every other clause.
SELECT p.id FROM products p ORDER BY (SELECT COUNT(*) FROM items i WHERE i.id = p.id), p.id
SELECT customer, SUM(total) AS s FROM orders GROUP BY customer HAVING SUM(total) > (SELECT AVG(total) FROM orders)
SELECT status, COUNT(*) AS n FROM orders GROUP BY status HAVING COUNT(*) IN (SELECT qty FROM items)
SELECT CASE WHEN EXISTS (SELECT 1 FROM items WHERE qty > 900) THEN 1 ELSE (SELECT COUNT(*) FROM orders) END AS n
SELECT CASE (SELECT COUNT(*) FROM orders) WHEN 4 THEN 'four' ELSE 'other' END AS n
SELECT id, CASE WHEN total > (SELECT AVG(total) FROM orders) THEN 'high' ELSE 'low' END AS level FROM orders
SELECT id, SUM(total) OVER (ORDER BY id) - (SELECT MIN(qty) FROM items) AS s FROM orders
SELECT id, ROW_NUMBER() OVER (PARTITION BY (SELECT MAX(qty) FROM items) ORDER BY id) AS n FROM orders
SELECT SUM(CASE WHEN o.id IN (SELECT order_id FROM items) THEN 1 ELSE 0 END) AS n FROM orders o
SELECT x.id FROM (SELECT id FROM orders WHERE id IN (SELECT order_id FROM items)) x WHERE x.id > (SELECT MIN(id) FROM orders)
SELECT ABS((SELECT MIN(total) FROM orders) - (SELECT MAX(qty) FROM items)) AS n
