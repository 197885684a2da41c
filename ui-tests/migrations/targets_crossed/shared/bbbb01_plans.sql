-- revision: bbbb01
-- down_revision: aaaa01
-- message: plans

-- +upgrade
CREATE TABLE plans (id bigint);

-- +downgrade
DROP TABLE plans;
