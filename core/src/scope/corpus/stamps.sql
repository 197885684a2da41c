-- What only the scoper can say, without an engine: a value for the tenant column that stands for
-- "fill it in", and tenant columns that are no texts.
INSERT INTO orders (tenant_id, id, customer) VALUES (NULL, 11, 'x'), ('acme', 12, 'y')
INSERT INTO orders (id, tenant_id) VALUES (11, DEFAULT), (12, NULL), (13, 'acme')
INSERT INTO orders (id, tenant_id) SELECT id + 20, NULL FROM items
SELECT id FROM readings
INSERT INTO readings (id, tenant_id) VALUES (1, 7), (2, NULL)
INSERT INTO readings (id) SELECT DISTINCT id FROM orders UNION SELECT id FROM items
UPDATE readings SET tenant_id = 8
SELECT r.id, d.id FROM readings r LEFT JOIN devices d ON d.id = r.id JOIN orders o ON o.id = d.id
INSERT INTO devices (id) SELECT id FROM readings
INSERT INTO devices (id, tenant_id) VALUES (1, '67e55044-10b1-426f-9247-bb680e5fe0c8')
DELETE FROM devices
