-- revision: aaaa03
-- down_revision: aaaa02
-- depends_on: gone02
-- message: users

-- +upgrade
CREATE TABLE users (id bigint);

-- +downgrade
DROP TABLE users;
