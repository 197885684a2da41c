-- revision: aaaa01
-- depends_on: bbbb01
-- message: tasks

-- +upgrade
CREATE TABLE tasks (id bigint);

-- +downgrade
DROP TABLE tasks;
