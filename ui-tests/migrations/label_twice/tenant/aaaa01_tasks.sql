-- revision: aaaa01
-- branch_labels: billing
-- message: tasks

-- +upgrade
CREATE TABLE tasks (id bigint);

-- +downgrade
DROP TABLE tasks;
