-- Keys by which programs show whose they are: all but the secrets, of which the SHA-256 is kept, in
-- hexadecimal digits. The secrets are random and have 256 bits.
CREATE TABLE tenancy_api_keys (
    id           TEXT COLLATE "C" NOT NULL,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    expires_at   TEXT,
    revoked_at   TEXT,
    last_used_at TEXT,
    CONSTRAINT tenancy_api_keys_pkey PRIMARY KEY (id)
)
-- next
CREATE INDEX tenancy_api_keys_tenant_idx ON tenancy_api_keys (tenant_id)
