-- revision: bbbb01
-- message: plans

-- +upgrade

-- +downgrade
DROP TABLE plans;
