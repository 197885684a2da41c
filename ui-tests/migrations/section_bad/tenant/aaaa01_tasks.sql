-- revision: aaaa01
-- message: tasks

-- +upgrade
CREATE TABLE tasks (id bigint);

-- +downgrad
DROP TABLE tasks;
