-- Who took a connection that sees all tenants, when, and what for. A row is committed before the
-- connection is handed out, so that nothing done on it can take the row back.
-- IF NOT EXISTS stands here, and in no other engine's file, because this engine commits each CREATE
-- TABLE at once: a run that was cut off after it must be repeatable.
CREATE TABLE IF NOT EXISTS tenancy_unscoped (
    id            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    taken_at      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason        TEXT NOT NULL,
    place         TEXT NOT NULL,
    database_role TEXT,
    process       TEXT NOT NULL,
    CONSTRAINT tenancy_unscoped_pkey PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
