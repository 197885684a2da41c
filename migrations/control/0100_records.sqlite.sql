-- Steps in tenants' lives: who took them, when, why and from where; and what tenants used. A step is
-- committed before it is taken. A batch of usage is written once, whatever is tried again.
CREATE TABLE tenancy_lifecycle (
    id          TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    tenant_id   TEXT NOT NULL,
    slug        TEXT NOT NULL,
    action      TEXT NOT NULL,
    detail      TEXT,
    actor       TEXT NOT NULL,
    reason      TEXT,
    origin      TEXT,
    process     TEXT NOT NULL,
    outcome     TEXT,
    CONSTRAINT tenancy_lifecycle_pkey PRIMARY KEY (id)
)
-- next
CREATE INDEX tenancy_lifecycle_tenant ON tenancy_lifecycle (tenant_id, happened_at)
-- next
CREATE TABLE tenancy_usage (
    batch_id   TEXT NOT NULL,
    tenant_id  TEXT NOT NULL,
    until_at   TEXT NOT NULL,
    requests   BIGINT NOT NULL,
    statements BIGINT NOT NULL,
    row_count  BIGINT NOT NULL,
    CONSTRAINT tenancy_usage_pkey PRIMARY KEY (batch_id, tenant_id)
)
-- next
CREATE INDEX tenancy_usage_tenant ON tenancy_usage (tenant_id, until_at)
