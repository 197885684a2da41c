-- revision: aaaa01
-- message: tasks

-- +upgrade
-- later

-- +downgrade
DROP TABLE tasks;
