-- revision: bbbb01
-- message: plans

-- +upgrade
CREATE TABLE plans (id bigint);

-- +downgrade
DROP TABLE plans;
