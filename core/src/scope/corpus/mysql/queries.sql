-- Names.
SELECT `orders`.`id` FROM `orders` WHERE `total` > ? ORDER BY `id` LIMIT ?, ? --= 5, 1, 2
SELECT * FROM Orders
SELECT ID, Total FROM orders
SELECT "text" AS a, 'a\'b' AS b, 'c\\' AS c, "it's" AS d, 'a\nb' AS e, 'a\%b' AS f FROM `orders`
SELECT o.id FROM orders o, orders O
SELECT * FROM shop.orders
SELECT * FROM orders PARTITION (p0)
SELECT * FROM orders USE INDEX (PRIMARY)
SELECT * FROM orders FORCE INDEX (PRIMARY) WHERE id = 1
SELECT o.id FROM orders AS o IGNORE INDEX (PRIMARY) JOIN items i ON i.order_id = o.id
-- Joins.
SELECT o.id, i.id FROM orders o STRAIGHT_JOIN items i ON i.order_id = o.id
SELECT o.id, i.id FROM orders o JOIN items i
SELECT o.id, i.id FROM orders o CROSS JOIN items i ON i.order_id = o.id
SELECT o.id, l.n FROM orders o LEFT JOIN LATERAL (SELECT COUNT(*) AS n FROM items i WHERE i.order_id = o.id) l ON true
SELECT o.id, i.id, p.id FROM orders o LEFT JOIN (items i, products p) ON i.order_id = o.id AND p.id = i.id
SELECT o.id, i.id FROM { OJ orders o LEFT OUTER JOIN items i ON i.order_id = o.id }
SELECT o.id, j.a FROM orders o, JSON_TABLE(o.meta, '$' COLUMNS (a INT PATH '$.a')) AS j
SELECT j.n, j.a, j.b FROM JSON_TABLE('[{"a": 1.25, "b": ["x", "y"]}]', '$[*]' COLUMNS (n FOR ORDINALITY, a DECIMAL(10, 1) PATH '$.a' DEFAULT '0' ON EMPTY, NESTED PATH '$.b[*]' COLUMNS (b VARCHAR(5) PATH '$'))) AS j
SELECT * FROM orders NATURAL RIGHT JOIN ledger
SELECT d.id FROM (SELECT id FROM orders) d
-- Grouping, order, locks.
SELECT status, COUNT(*) AS n FROM orders GROUP BY status WITH ROLLUP
SELECT status, COUNT(*) AS n FROM orders GROUP BY status ORDER BY NULL
SELECT GROUP_CONCAT(DISTINCT customer ORDER BY id SEPARATOR ';') AS s FROM orders
SELECT GROUP_CONCAT(customer ORDER BY id) AS s FROM orders GROUP BY status HAVING COUNT(*) > 1
SELECT id, SUM(total) OVER (ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM orders
SELECT BIT_AND(id) AS a, BIT_OR(id) AS b, STDDEV(total) AS c, VARIANCE(total) AS d FROM orders
SELECT DISTINCTROW status FROM orders
SELECT SQL_NO_CACHE id FROM orders
SELECT HIGH_PRIORITY STRAIGHT_JOIN id FROM orders
SELECT SQL_CALC_FOUND_ROWS * FROM orders
SELECT * FROM orders FOR UPDATE
SELECT * FROM orders WHERE id = 1 FOR UPDATE SKIP LOCKED
SELECT * FROM orders LOCK IN SHARE MODE
SELECT * FROM orders FOR SHARE
SELECT o.id FROM orders o RIGHT JOIN items i ON i.order_id = o.id FOR UPDATE
SELECT o.id FROM orders o LEFT JOIN items i ON i.order_id = o.id FOR UPDATE
SELECT id FROM orders LIMIT (SELECT 1)
SELECT id FROM orders WHERE id = ANY (SELECT order_id FROM items)
SELECT id FROM orders WHERE total > ALL (SELECT qty FROM items)
SELECT id FROM orders WHERE id <> SOME (SELECT order_id FROM items WHERE qty > 2)
SELECT id FROM orders WHERE ROW(id, total) = ROW(1, 10)
(SELECT id FROM orders ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM items ORDER BY id DESC LIMIT 1)
SELECT 1 AS a FROM DUAL
VALUES ROW(1, 2), ROW(3, 4)
-- Expressions.
SELECT total DIV 3 AS a, total % 3 AS b, total ^ 1 AS c, total << 1 AS d, ~1 & 1 AS e, !0 AS f FROM orders
SELECT total MOD 3 AS b FROM orders
SELECT total <=> NULL AS a, total IS NOT TRUE AS b, status XOR 1 AS c, 1 || 0 AS d, 1 && 1 AS e FROM orders
SELECT customer REGEXP '^a' AS a, customer RLIKE 'b$' AS b, customer NOT REGEXP 'x' AS c, customer LIKE BINARY 'A%' AS d FROM orders
SELECT IF(total > 15, 'big', 'small') AS a, IFNULL(total, 0) AS b, ISNULL(total) AS c, ELT(1, 'x', 'y') AS d, FIELD('x', 'y', 'x') AS e FROM orders
SELECT DATE_ADD(placed, INTERVAL 1 DAY) AS a, DATE_SUB(placed, INTERVAL 2 MONTH) AS b, placed + INTERVAL 1 HOUR AS c FROM orders
SELECT DATE_FORMAT(placed, '%Y-%m') AS a, YEAR(placed) AS b, MONTH(placed) AS c, DAYNAME(placed) AS d, TIMESTAMPDIFF(DAY, placed, '2024-03-01') AS e FROM orders
SELECT EXTRACT(YEAR FROM placed) AS a, LAST_DAY(placed) AS b, DATEDIFF(placed, '2024-01-01') AS c, UNIX_TIMESTAMP(placed) > 0 AS d FROM orders
SELECT NOW() > placed AS a, CURDATE() > '2020-01-01' AS b, UTC_TIMESTAMP() IS NOT NULL AS c FROM orders
SELECT JSON_EXTRACT(meta, '$.a') AS a, JSON_UNQUOTE(JSON_EXTRACT(meta, '$.b')) AS b, JSON_LENGTH(meta) AS c FROM orders
SELECT JSON_OBJECT('n', (SELECT COUNT(*) FROM items)) AS a, JSON_ARRAYAGG(id) AS b, JSON_CONTAINS('[1,2]', '1') AS c FROM orders
SELECT meta -> '$.a' AS a, meta ->> '$.b' AS b FROM orders
SELECT 1 MEMBER OF ('[1,2]') AS a
SELECT CONVERT(total, CHAR) AS a, CONVERT(customer USING utf8mb4) AS b, CAST(total AS UNSIGNED) AS c, CAST(total AS SIGNED) AS d, BINARY customer AS e FROM orders
SELECT _utf8mb4'x' AS b
SELECT customer COLLATE utf8mb4_bin AS a, SUBSTRING_INDEX(customer, 'd', 1) AS c, LPAD(id, 3, '0') AS d FROM orders
SELECT MD5(customer) AS a, SHA1(customer) AS b, SHA2(customer, 256) AS c, CRC32(customer) AS d, TO_BASE64(customer) AS e, UUID() IS NOT NULL AS f FROM orders
SELECT GREATEST(1, 2) AS a, LEAST(1, 2) AS b, TRUNCATE(1.55, 1) AS c, RAND() < 2 AS d, CONV(10, 10, 2) AS e, INET_ATON('1.2.3.4') AS f
SELECT POSITION('d' IN customer) AS a, TRIM(LEADING 'a' FROM customer) AS b, LOCATE('d', customer) AS c, CHAR(65) AS d, LEFT(customer, 1) AS e FROM orders
SELECT x'1F' AS a, 0x1F AS b
SELECT b'101' AS c
SELECT N'x' AS d
SELECT id FROM orders WHERE MATCH (customer) AGAINST ('ada')
SELECT id FROM orders WHERE customer SOUNDS LIKE 'ada'
-- Comments.
SELECT id FROM orders # all of them
SELECT id FROM orders -- all of them
SELECT 5--1 AS a
SELECT /*!50000 * FROM users -- */ 1
SELECT /*M! 1 */ 1
SELECT /*+ SET_VAR(sql_mode = '') */ id FROM orders
SELECT /* plain */ id FROM orders
SELECT GROUP_CONCAT(sku ORDER BY sku LIMIT 2) AS n FROM items
SELECT 'it' "s" 'one' AS 'a', id AS "b" FROM orders
