-- Statements.
LOAD DATA INFILE 'x' INTO TABLE orders
LOAD DATA LOCAL INFILE 'x' INTO TABLE orders
LOAD XML INFILE 'x' INTO TABLE orders
HANDLER orders OPEN
LOCK TABLES orders READ
UNLOCK TABLES
SHOW TABLES
SHOW CREATE TABLE orders
SHOW VARIABLES
USE other
KILL 1
FLUSH TABLES
OPTIMIZE TABLE orders
CHECK TABLE orders
REPAIR TABLE orders
RENAME TABLE orders TO x
DO SLEEP(5)
SET @x = 1
SET GLOBAL x = 1
SET NAMES utf8mb4
SET PASSWORD = 'x'
PREPARE p FROM 'SELECT 1'
EXECUTE p
DEALLOCATE PREPARE p
INSTALL PLUGIN x SONAME 'y'
CHANGE MASTER TO MASTER_HOST = 'x'
RESET MASTER
SHUTDOWN
DELIMITER //
XA START 'x'
SIGNAL SQLSTATE '45000'
DESC orders
BEGIN NOT ATOMIC SELECT 1
-- Files.
SELECT * FROM orders INTO OUTFILE '/tmp/x'
SELECT * INTO OUTFILE '/tmp/x' FROM orders
SELECT * FROM orders INTO DUMPFILE '/tmp/x'
SELECT id INTO @x FROM orders
SELECT id FROM orders INTO @x
-- Variables.
SELECT @x := 1
SELECT @x
SELECT @@version
SELECT @@global.version
SELECT @`x` FROM orders
SELECT @'x' FROM orders
UPDATE orders SET total = @x := 1
-- Functions.
SELECT SLEEP(5), BENCHMARK(1, 1)
SELECT GET_LOCK('x', 1)
SELECT RELEASE_ALL_LOCKS()
SELECT LAST_INSERT_ID()
SELECT FOUND_ROWS(), ROW_COUNT()
SELECT CONNECTION_ID()
SELECT CURRENT_USER
SELECT CURRENT_USER(), USER(), SESSION_USER(), SYSTEM_USER()
SELECT DATABASE(), SCHEMA()
SELECT UUID_SHORT()
SELECT EXTRACTVALUE('<a/>', '/a')
SELECT sys_exec('id')
SELECT NEXT VALUE FOR s
SELECT NEXTVAL(s)
SELECT MASTER_POS_WAIT('x', 1)
SELECT shop.neighbours(1)
SELECT GROUP_CONCAT(neighbours(1)) FROM orders
SELECT IF(1, neighbours(1), 0)
-- Tables.
SELECT * FROM performance_schema.threads
SELECT * FROM sys.session
SELECT * FROM mysql.global_priv
SELECT * FROM orders AS OF TIMESTAMP '2020-01-01'
SELECT * FROM orders FOR SYSTEM_TIME ALL
SELECT * FROM orders PROCEDURE ANALYSE()
SELECT 'a\0b' FROM orders
SELECT GROUP_CONCAT(sku ORDER BY f(id)) AS n FROM items
SELECT pg_catalog.lower(customer) AS n FROM orders
SELECT array(SELECT id FROM items) AS n FROM orders
SELECT {fn lower(customer)} AS n FROM orders
DELETE /*+ NO_MERGE(orders) */ FROM orders WHERE id = 1
INSERT /*+ SET_VAR(sql_mode = '') */ INTO orders (id, customer) VALUES (7, 'x')
SELECT /*+ SET_VAR(sql_mode = '') */ id FROM orders
DELETE FROM orders USING orders, items WHERE orders.id = items.order_id
DELETE o FROM orders o USING items WHERE o.id = 1
INSERT INTO orders (id) VALUES (1) ON CONFLICT (lower(customer)) DO NOTHING
UPDATE /*+ NO_MERGE(orders) */ orders SET total = 1
INSERT INTO orders (id, customer) VALUES (1, 'x') ON DUPLICATE KEY UPDATE tenant_id = VALUES(customer)
UPDATE orders SET tenant_id = VALUES(tenant_id)
UPDATE orders SET tenant_id = orders.tenant_id
SELECT o.id FROM orders o RIGHT JOIN items i ON i.order_id = o.id UNION SELECT id FROM orders FOR UPDATE
INSERT INTO orders (id) VALUES (1) ON DUPLICATE KEY UPDATE tenant_id = LOWER('globex')
SELECT BINARY customer LIKE BINARY FROM orders
SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (a FIXED('5) PATH "$")) AS x, orders # ') PATH '$')) AS x
SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (a FIXED('5') PATH '$')) AS x
SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (NESTED PATH '$' COLUMNS (n FOR ORDINALITY, a x.y PATH '$'))) AS x
