-- revision: aaaa02
-- down_revision: aaaa01
-- phase: shrink
-- message: users

-- +upgrade
CREATE TABLE users (id bigint);

-- +downgrade
DROP TABLE users;
