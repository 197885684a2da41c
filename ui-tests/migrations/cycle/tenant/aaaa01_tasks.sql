-- revision: aaaa01
-- down_revision: aaaa02
-- message: tasks

-- +upgrade
CREATE TABLE tasks (id bigint);

-- +downgrade
DROP TABLE tasks;
