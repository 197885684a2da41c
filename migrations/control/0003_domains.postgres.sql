-- Domains of tenants' own. Several tenants may claim one; `held` is the domain again for the one of them
-- that has shown that it is theirs, and so nobody else can.
CREATE TABLE tenancy_domains (
    domain      TEXT COLLATE "C" NOT NULL,
    tenant_id   TEXT COLLATE "C" NOT NULL,
    token       TEXT NOT NULL,
    held        TEXT COLLATE "C",
    added_at    TEXT NOT NULL,
    verified_at TEXT,
    removed_at  TEXT,
    CONSTRAINT tenancy_domains_pkey PRIMARY KEY (domain, tenant_id),
    CONSTRAINT tenancy_domains_held_key UNIQUE (held)
)
-- next
CREATE INDEX tenancy_domains_tenant_idx ON tenancy_domains (tenant_id)
