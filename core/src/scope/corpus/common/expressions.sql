-- Operators.
SELECT id, total + 1 AS a, total - 1 AS b, total * 2 AS c, total % 7 AS d, -total AS e FROM orders
SELECT id FROM orders WHERE total BETWEEN 10 AND 20 AND total NOT BETWEEN 15 AND 16
SELECT id FROM orders WHERE customer IN ('ada', 'bob') OR customer NOT IN ('cyd')
SELECT id FROM orders WHERE customer LIKE 'a%' OR customer NOT LIKE '%b%'
SELECT id FROM orders WHERE customer LIKE '10!%' ESCAPE '!'
SELECT id FROM orders WHERE total IS NOT NULL AND NOT (total < 15)
SELECT id FROM orders WHERE status = 'open' AND (total <> 10 OR total >= 120)
SELECT id FROM orders WHERE (total = 10) IS TRUE
SELECT id, (total & 4) AS a, (total | 1) AS b FROM orders
SELECT - -1 AS a, - - -2 AS b, -(-3) AS c, 1 - -1 AS d, id FROM orders WHERE total > - -10
-- Choice.
SELECT id, CASE status WHEN 'open' THEN 'o' WHEN 'paid' THEN 'p' ELSE '?' END AS s FROM orders
SELECT id, CASE WHEN total > 15 THEN 'big' WHEN total IS NULL THEN 'none' END AS s FROM orders
SELECT id, COALESCE(total, 0) AS a, NULLIF(status, 'open') AS b FROM orders
-- Texts and numbers.
SELECT id, UPPER(customer) AS a, LOWER(customer) AS b, LENGTH(customer) AS c FROM orders
SELECT id, REPLACE(customer, 'a', 'o') AS a, TRIM(customer) AS b, LTRIM(customer) AS c, RTRIM(customer) AS d FROM orders
SELECT id, SUBSTR(customer, 1, 2) AS a, SUBSTRING(customer, 2) AS b FROM orders
SELECT id, CONCAT(customer, '-', status) AS a, CONCAT_WS('/', customer, status) AS b FROM orders
SELECT id, ABS(total) AS a, ROUND(total * 1.5) AS b, FLOOR(total) AS c, CEIL(total) AS d, SIGN(total) AS e FROM orders
SELECT id, MOD(total, 7) AS a, POWER(id, 2) AS b, SQRT(id * id) AS c FROM orders
SELECT CAST(total AS CHAR(10)) AS a FROM orders
SELECT id, CAST(total AS DECIMAL(10, 2)) AS a FROM orders
-- Dates.
SELECT id FROM orders WHERE placed > '2024-01-15' AND placed <= CURRENT_TIMESTAMP
SELECT id, placed FROM orders WHERE placed < CURRENT_DATE
-- Literals.
SELECT 'it''s' AS a, id FROM orders WHERE customer = 'x'' OR 1=1 --'
SELECT id FROM orders WHERE customer = 'a\b' OR customer = '/* x */' OR customer = '; DROP TABLE orders'
SELECT id FROM orders WHERE customer = '' OR customer = '?' OR customer = '$1' OR customer = ':x'
SELECT NULL AS a, TRUE AS b, FALSE AS c, 1.5 AS d, 2e1 AS e, 'ünïcode ☃' AS f
-- Comments and endings.
SELECT id FROM orders;
SELECT id /* the key */ FROM orders -- all of them
SELECT/**/id/**/FROM/**/orders/**/WHERE/**/1=1
  select   ID   from   orders   where   TOTAL > 10   ;
