-- Names and their case.
SELECT "id" FROM "orders" WHERE "total" > $1 AND "id" = ANY(ARRAY[$2, 3]) OR "id" = $1
SELECT * FROM ORDERS
SELECT "o"."id", "O"."id" FROM "orders" AS "o" JOIN "items" AS "i" ON "i"."order_id" = "o"."id" JOIN "products" AS "p" ON TRUE, (SELECT 1 AS "id") AS "x", (SELECT 2 AS "id") AS "O"
SELECT * FROM "Orders"
SELECT * FROM "ORDERS"
SELECT * FROM public.orders
SELECT * FROM billing.invoices
SELECT * FROM "billing"."invoices" AS i WHERE i.amount > 100
SELECT invoices.id, o.id FROM billing.invoices JOIN orders o ON o.id = invoices.order_id
SELECT i.id, o.id FROM orders o LEFT JOIN billing.invoices i ON i.order_id = o.id
SELECT i.id, o.id FROM billing.invoices i RIGHT JOIN orders o ON i.order_id = o.id
SELECT * FROM invoices
SELECT * FROM "BILLING".invoices
-- Joins.
SELECT o.id, i.id FROM orders o FULL JOIN items i ON i.order_id = o.id
SELECT o.id, i.id FROM orders o FULL OUTER JOIN items i USING (id)
SELECT * FROM orders NATURAL FULL JOIN ledger
SELECT o.id, i.id, l.id FROM orders o FULL JOIN items i ON i.order_id = o.id LEFT JOIN ledger l ON l.id = i.id
SELECT o.id, l.n FROM orders o LEFT JOIN LATERAL (SELECT COUNT(*) AS n FROM items i WHERE i.order_id = o.id) l ON true
SELECT o.id, l.sku FROM orders o CROSS JOIN LATERAL (SELECT sku FROM items i WHERE i.order_id = o.id ORDER BY i.id LIMIT 1) l
SELECT o.id, l.sku FROM orders o, LATERAL (SELECT sku FROM items i WHERE i.order_id = o.id) l
SELECT o.id, g.n FROM orders o, LATERAL generate_series(1, o.id) AS g(n)
SELECT o.id, i.id FROM orders o LEFT JOIN items i JOIN products p ON p.id = i.id ON i.order_id = o.id
SELECT x.a FROM orders x (t, a, b)
SELECT x.a, i.id FROM orders AS x (t, a, b) LEFT JOIN items AS i (t, id) ON i.id = x.a
SELECT v.n, o.id FROM (VALUES (1, 'a'), (2, 'b')) AS v (n, s) LEFT JOIN orders o ON o.id = v.n
-- Table functions.
SELECT g.n, orders.id FROM generate_series(1, 3) AS g(n) JOIN orders ON orders.id = g.n
SELECT n FROM generate_series(1, (SELECT COUNT(*) FROM orders)) AS n
SELECT u.x FROM unnest(ARRAY[1, 2, 3]) AS u(x)
SELECT u.x, u.n FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS u(x, n)
SELECT o.id, e.value FROM orders o, jsonb_array_elements_text(o.meta -> 'tags') AS e(value)
SELECT o.id, e.key, e.value FROM orders o CROSS JOIN jsonb_each_text(o.meta) e
SELECT r.part FROM orders o, regexp_split_to_table(o.customer, 'd') AS r(part)
SELECT j.a, j.b FROM jsonb_to_recordset('[{"a": 1, "b": "x"}]') AS j(a int, b text)
SELECT j.a, j.b FROM jsonb_to_recordset('[{"a": 1.25, "b": "xyz"}]') AS j(a numeric(10, 1), b bpchar(5))
SELECT * FROM pg_ls_dir('/')
SELECT * FROM neighbours() AS n(id)
SELECT * FROM dblink('dbname=x', 'SELECT 1') AS t(id int)
SELECT * FROM ROWS FROM (neighbours()) AS n
-- Sub-queries.
SELECT id FROM orders WHERE id = ANY (SELECT order_id FROM items)
SELECT id FROM orders WHERE total > ALL (SELECT qty FROM items)
SELECT id FROM orders WHERE id <> SOME (SELECT order_id FROM items WHERE qty > 2)
SELECT id FROM orders WHERE id = ANY (ARRAY(SELECT order_id FROM items))
SELECT ARRAY(SELECT id FROM orders ORDER BY id) AS ids
SELECT id FROM orders ORDER BY id LIMIT (SELECT COUNT(*) FROM items) OFFSET (SELECT COUNT(*) FROM orders WHERE total > 100)
SELECT id FROM orders ORDER BY id FETCH FIRST 2 ROWS ONLY
SELECT id FROM orders ORDER BY status FETCH FIRST 1 ROWS WITH TIES
SELECT id FROM orders WHERE id IN (VALUES (1), (2))
SELECT id FROM orders WHERE ROW(id, total) = ROW(1, 10)
SELECT id FROM orders WHERE (id, total) IN (SELECT order_id, 20 FROM items)
SELECT SUM(total) OVER (ORDER BY id ROWS (SELECT COUNT(*) FROM items) PRECEDING) AS s FROM orders
SELECT id FROM orders GROUP BY id, (SELECT MAX(qty) FROM items)
VALUES (1, (SELECT COUNT(*) FROM orders)), (2, 0)
SELECT o FROM orders o WHERE o.id = 1
SELECT row_to_json(o) AS j FROM orders o
SELECT COUNT(o) AS n FROM orders o
SELECT (SELECT o FROM orders o WHERE id = 1) IS NULL AS n
SELECT x.neighbours FROM (SELECT id AS neighbours FROM orders) x
SELECT x FROM (SELECT * FROM orders) x, LATERAL (SELECT x.id) y
-- Grouping, order, locks.
SELECT DISTINCT ON (status) id, status FROM orders ORDER BY status, total DESC NULLS LAST, id
SELECT DISTINCT ON (status) id FROM orders ORDER BY status, (SELECT MAX(qty) FROM items WHERE order_id = orders.id) DESC, id
SELECT status, customer, COUNT(*) AS n FROM orders GROUP BY GROUPING SETS ((status), (customer), ())
SELECT status, customer, COUNT(*) AS n FROM orders GROUP BY ROLLUP (status, customer)
SELECT status, customer, GROUPING(status) AS g, COUNT(*) AS n FROM orders GROUP BY CUBE (status, customer)
SELECT COUNT(*) FILTER (WHERE total > (SELECT AVG(total) FROM orders)) AS n FROM orders
SELECT string_agg(customer, ',' ORDER BY id) AS s, array_agg(id ORDER BY id DESC) AS a FROM orders
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS p FROM orders
SELECT id, SUM(total) OVER (ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM orders
SELECT id, SUM(total) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS s FROM orders
SELECT id, SUM(total) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS s FROM orders
SELECT * FROM orders FOR UPDATE
SELECT o.id FROM orders o JOIN items i ON i.order_id = o.id FOR UPDATE OF o SKIP LOCKED
SELECT o.id FROM orders o FOR NO KEY UPDATE
SELECT o.id FROM orders o RIGHT JOIN items i ON i.order_id = o.id FOR SHARE OF i NOWAIT
SELECT id FROM (SELECT * FROM orders FOR UPDATE) x
SELECT id FROM orders UNION ALL (SELECT id FROM items ORDER BY id LIMIT 1)
SELECT id FROM orders INTERSECT ALL SELECT order_id FROM items
(SELECT id FROM orders ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM items ORDER BY id DESC LIMIT 1)
WITH a AS MATERIALIZED (SELECT id FROM orders), b AS NOT MATERIALIZED (SELECT id FROM items) SELECT a.id FROM a JOIN b ON a.id = b.id
SELECT (ARRAY[id, total])[1] AS n FROM orders
SELECT "pg_catalog".lower(customer) AS n FROM orders
SELECT PG_CATALOG.lower(customer) AS n FROM orders
SELECT ARRAY(SELECT i.id FROM items i WHERE i.order_id = o.id ORDER BY 1) AS n FROM orders o
SELECT orders.a FROM (SELECT orders.id FROM orders) AS orders (a)
