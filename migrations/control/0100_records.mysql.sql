-- Steps in tenants' lives: who took them, when, why and from where; and what tenants used. A step is
-- committed before it is taken. A batch of usage is written once, whatever is tried again.
-- IF NOT EXISTS stands here, and in no other engine's file, because this engine commits each CREATE
-- TABLE at once: a run that was cut off after it must be repeatable.
CREATE TABLE IF NOT EXISTS tenancy_lifecycle (
    id          VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    happened_at VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tenant_id   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    slug        TEXT NOT NULL,
    action      TEXT NOT NULL,
    detail      TEXT,
    actor       TEXT NOT NULL,
    reason      TEXT,
    origin      TEXT,
    process     TEXT NOT NULL,
    outcome     TEXT,
    CONSTRAINT tenancy_lifecycle_pkey PRIMARY KEY (id),
    INDEX tenancy_lifecycle_tenant (tenant_id, happened_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
-- next
CREATE TABLE IF NOT EXISTS tenancy_usage (
    batch_id   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tenant_id  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    until_at   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    requests   BIGINT NOT NULL,
    statements BIGINT NOT NULL,
    row_count  BIGINT NOT NULL,
    CONSTRAINT tenancy_usage_pkey PRIMARY KEY (batch_id, tenant_id),
    INDEX tenancy_usage_tenant (tenant_id, until_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
