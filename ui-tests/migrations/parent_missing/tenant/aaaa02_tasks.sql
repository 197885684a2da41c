-- revision: aaaa02
-- down_revision: gone01
-- message: tasks

-- +upgrade
CREATE TABLE tasks (id bigint);

-- +downgrade
DROP TABLE tasks;
