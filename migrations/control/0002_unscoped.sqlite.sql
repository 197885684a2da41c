-- Who took a connection that sees all tenants, when, and what for. A row is committed before the
-- connection is handed out, so that nothing done on it can take the row back.
CREATE TABLE tenancy_unscoped (
    id            TEXT NOT NULL,
    taken_at      TEXT NOT NULL,
    reason        TEXT NOT NULL,
    place         TEXT NOT NULL,
    database_role TEXT,
    process       TEXT NOT NULL,
    CONSTRAINT tenancy_unscoped_pkey PRIMARY KEY (id)
)
