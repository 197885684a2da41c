-- revision: aaaa02
-- down_revision: aaaa01
-- branch_labels: billing, aaaa01
-- message: users

-- +upgrade
CREATE TABLE users (id bigint);

-- +downgrade
DROP TABLE users;
