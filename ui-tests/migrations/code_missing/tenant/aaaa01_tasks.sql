-- revision: aaaa01
-- rust: Totals
-- message: tasks

-- +upgrade
CREATE TABLE tasks (id bigint);

-- +downgrade
DROP TABLE tasks;
