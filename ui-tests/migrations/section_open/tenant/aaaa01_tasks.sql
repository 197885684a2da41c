-- revision: aaaa01
-- message: tasks

-- +upgrade
CREATE TABLE tasks (id text DEFAULT 'one);

-- +downgrade
DROP TABLE tasks;
