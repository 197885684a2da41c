-- Domains of tenants' own. Several tenants may claim one; `held` is the domain again for the one of them
-- that has shown that it is theirs, and so nobody else can.
CREATE TABLE tenancy_domains (
    domain      TEXT NOT NULL,
    tenant_id   TEXT NOT NULL,
    token       TEXT NOT NULL,
    held        TEXT,
    added_at    TEXT NOT NULL,
    verified_at TEXT,
    removed_at  TEXT,
    PRIMARY KEY (domain, tenant_id)
)
-- next
CREATE UNIQUE INDEX tenancy_domains_held_key ON tenancy_domains (held)
-- next
CREATE INDEX tenancy_domains_tenant_idx ON tenancy_domains (tenant_id)
