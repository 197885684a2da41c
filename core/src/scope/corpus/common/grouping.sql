-- Plain lists and conditions.
SELECT orders.id, orders.total FROM orders
SELECT * FROM orders
SELECT orders.* FROM orders
SELECT o.*, o.total + 1 AS more FROM orders o
SELECT id FROM orders WHERE total > 10 OR id = 1
SELECT id FROM orders WHERE (total > 10 OR id = 1) AND status = 'open'
SELECT id FROM orders WHERE tenant_id = 'globex'
SELECT id FROM orders WHERE tenant_id = 'globex' OR 1 = 1
SELECT id FROM orders WHERE NOT tenant_id = 'acme'
SELECT id FROM orders WHERE total IS NULL
SELECT id, title FROM products
SELECT DISTINCT status FROM orders
SELECT DISTINCT o.status, i.sku FROM orders o JOIN items i ON i.order_id = o.id
SELECT 1 AS one
-- Aggregates.
SELECT COUNT(*) AS n FROM orders
SELECT COUNT(*) AS n, COUNT(total) AS m, COUNT(DISTINCT status) AS s FROM orders
SELECT SUM(total) AS s, MIN(total) AS low, MAX(total) AS high FROM orders
SELECT COALESCE(SUM(total), 0) AS s FROM orders WHERE id > 100
SELECT AVG(qty) AS mean FROM items
SELECT status, COUNT(*) AS n FROM orders GROUP BY status
SELECT status, SUM(total) AS s FROM orders GROUP BY status HAVING SUM(total) > 25 OR COUNT(*) > 5
SELECT status, COUNT(*) AS n FROM orders GROUP BY status ORDER BY 2 DESC, 1
SELECT o.status, SUM(i.qty) AS s FROM orders o JOIN items i ON i.order_id = o.id GROUP BY o.status
SELECT total > 15 AS big, COUNT(*) AS n FROM orders GROUP BY total > 15
SELECT COUNT(*) AS n FROM orders HAVING COUNT(*) > 1
-- Ordering and limits.
SELECT id FROM orders ORDER BY total DESC, id
SELECT id FROM orders ORDER BY id LIMIT 2
SELECT id FROM orders ORDER BY id DESC LIMIT 2 OFFSET 1
SELECT id, total AS t FROM orders ORDER BY t, id LIMIT 3
SELECT id FROM orders ORDER BY CASE WHEN status = 'paid' THEN 0 ELSE 1 END, id LIMIT 1
SELECT id FROM orders ORDER BY 1 DESC LIMIT 1
-- Windows.
SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM orders
SELECT id, SUM(total) OVER (PARTITION BY status ORDER BY id) AS s FROM orders
SELECT id, SUM(total) OVER (PARTITION BY status ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM orders
SELECT id, RANK() OVER (ORDER BY total DESC) AS r, DENSE_RANK() OVER (ORDER BY status) AS d FROM orders
SELECT id, LAG(total) OVER (ORDER BY id) AS before_it, LEAD(total, 2) OVER (ORDER BY id) AS after_it FROM orders
SELECT id, COUNT(*) OVER () AS n FROM orders
SELECT id, FIRST_VALUE(id) OVER w AS f, LAST_VALUE(id) OVER w AS l FROM orders WINDOW w AS (ORDER BY id)
SELECT id, NTILE(2) OVER (ORDER BY id) AS half, PERCENT_RANK() OVER (ORDER BY id) AS p FROM orders
SELECT status, RANK() OVER (ORDER BY COUNT(*)) AS r FROM orders GROUP BY status
SELECT x.id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY status ORDER BY id) AS n FROM orders) x WHERE x.n = 1
