-- Names.
SELECT "id" FROM "Orders" WHERE "total" > ? AND "id" IN (?, ?) LIMIT ? --= 5, 1, 2, 3
SELECT id FROM [orders] WHERE id = ?2 AND total = ?1 --= 10, 1
SELECT `id` FROM `orders` WHERE total > ?1 OR total < ?1 --= 15
SELECT "orders"."id" FROM ORDERS
SELECT "no such column" AS a, "id" AS b FROM orders
SELECT * FROM main.orders
SELECT main.orders.id FROM orders
SELECT * FROM temp.orders
SELECT * FROM 'orders'
-- Joins.
SELECT o.id, i.id FROM orders o FULL JOIN items i ON i.order_id = o.id
SELECT o.id, i.id FROM orders o FULL OUTER JOIN items i USING (id)
SELECT o.id, i.id, l.id FROM orders o FULL JOIN items i ON i.order_id = o.id LEFT JOIN ledger l ON l.id = i.id
SELECT * FROM orders NATURAL FULL JOIN ledger
SELECT o.id, i.id FROM orders o JOIN items i
SELECT o.id, i.id FROM orders o LEFT JOIN items i
SELECT o.id, i.id FROM orders o INDEXED BY x JOIN items i
SELECT o.id FROM orders o NOT INDEXED
SELECT x.id FROM (orders) x
SELECT id FROM (SELECT id FROM orders), (SELECT 1 AS one)
SELECT o.id, v.column1 FROM orders o JOIN (VALUES (1), (2)) v ON v.column1 = o.id
-- Table functions.
SELECT o.id, j.value FROM orders o, json_each(o.meta) j
SELECT o.id, j.key, j.value FROM orders o JOIN json_tree(o.meta) AS j ON j.type = 'integer'
SELECT value FROM json_each('[1,2,3]') WHERE value IN (SELECT id FROM orders)
SELECT value FROM generate_series(1, 3)
SELECT * FROM pragma_table_info('orders')
SELECT * FROM dbstat
SELECT * FROM json_each
SELECT * FROM neighbours(1)
-- Sub-queries and order.
SELECT id FROM orders ORDER BY id LIMIT (SELECT COUNT(*) FROM items) OFFSET 1
SELECT id FROM orders ORDER BY id LIMIT (SELECT COUNT(*) FROM items WHERE qty > 2) OFFSET (SELECT COUNT(*) FROM ledger WHERE total > 100)
SELECT id FROM orders ORDER BY id LIMIT 1, 2
SELECT id FROM orders GROUP BY id, (SELECT COUNT(*) FROM items)
SELECT id FROM orders ORDER BY total DESC NULLS LAST, id
SELECT SUM(total) OVER (ORDER BY id ROWS 1 PRECEDING) AS s FROM orders
SELECT id, SUM(total) FILTER (WHERE total > (SELECT AVG(total) FROM orders)) OVER (ORDER BY id) AS s FROM orders
SELECT id, SUM(total) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS s FROM orders
VALUES (1, (SELECT COUNT(*) FROM orders)), (2, 0)
SELECT id FROM orders WHERE id IN (VALUES (1), (2))
SELECT id FROM orders WHERE (id, total) = (SELECT order_id, 10 FROM items WHERE id = 1)
SELECT group_concat(customer, ';') AS s FROM (SELECT customer FROM orders ORDER BY id)
SELECT group_concat(DISTINCT status) AS s FROM orders WHERE status = 'open'
SELECT string_agg(customer, ',' ORDER BY id) AS s FROM orders
WITH a AS MATERIALIZED (SELECT id FROM orders) SELECT id FROM a
WITH b AS (SELECT id FROM items), items AS (SELECT 1 AS id) SELECT COUNT(*) AS n FROM b
WITH items AS (SELECT id FROM items) SELECT COUNT(*) AS n FROM items
WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a) SELECT id FROM b
SELECT id FROM orders WHERE id IN items
SELECT id FROM orders WHERE id IN (orders)
SELECT COUNT(*) AS n, COUNT(DISTINCT customer) AS m, TOTAL(total) AS t FROM orders
SELECT id, MAX(total) AS m FROM orders
SELECT * FROM orders FOR UPDATE
-- Expressions.
SELECT json_extract(meta, '$.a') AS a, meta ->> '$.b' AS b, meta -> 'a' AS c, json_type(meta) AS d FROM orders
SELECT json_object('n', (SELECT COUNT(*) FROM items)) AS a, json_array(1, 2) AS b
SELECT json_group_array(id) AS a, json_group_object(customer, total) AS b FROM (SELECT * FROM orders ORDER BY id)
SELECT id FROM orders WHERE customer GLOB 'a*' OR NOT customer GLOB '*b*'
SELECT id FROM orders WHERE customer NOT GLOB '*b*'
SELECT id FROM orders WHERE customer REGEXP 'x'
SELECT id FROM orders WHERE customer MATCH 'x'
SELECT customer || '-' || id AS a, id == 1 AS b FROM orders
SELECT total IS 10 AS d FROM orders
SELECT total IS DISTINCT FROM 10 AS a, total NOTNULL AS b FROM orders
SELECT id FROM orders WHERE total NOTNULL
SELECT customer COLLATE NOCASE AS a, CAST(total AS TEXT) AS b, typeof(total) AS c FROM orders
SELECT ifnull(total, 0) AS a, iif(total > 15, 'big', 'small') AS b, instr(customer, 'a') AS c, hex(customer) AS d FROM orders
SELECT printf('%05d', id) AS a, format('%s', customer) AS b, quote(customer) AS c, unicode(customer) AS d, char(65) AS e FROM orders
SELECT max(id, total) AS a, min(id, total) AS b, substr(customer, -2) AS c FROM orders
SELECT date('2024-01-15', '+1 month') AS a, strftime('%Y', placed) AS b, julianday(placed) AS c, unixepoch(placed) AS d FROM orders
SELECT datetime('now') IS NOT NULL AS a, random() IS NOT NULL AS b, length(randomblob(4)) AS c
SELECT abs(total) AS a, round(total / 3.0, 2) AS b, sign(total) AS c FROM orders
SELECT x'1F' AS a, 1e3 AS c, 'a''b' AS d
SELECT 0x1F AS b
SELECT rowid FROM orders
SELECT o.rowid, o.oid, o._rowid_ FROM orders o
SELECT "rowid" FROM orders
SELECT id FROM orders WHERE RowId > 1
SELECT id FROM orders ORDER BY rowid
SELECT o.id FROM orders o, items i RIGHT JOIN orders c ON c.id = i.id
SELECT o.id, i.id AS item FROM orders o, items i LEFT JOIN ledger l ON l.id = i.id ORDER BY o.id, i.id
SELECT o.id, i.id AS item FROM orders o, items i RIGHT JOIN ledger l ON l.id = i.id ORDER BY o.id, i.id
