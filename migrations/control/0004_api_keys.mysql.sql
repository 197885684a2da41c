-- Keys by which programs show whose they are: all but the secrets, of which the SHA-256 is kept, in
-- hexadecimal digits. The secrets are random and have 256 bits.
-- IF NOT EXISTS stands here, and in no other engine's file, because this engine commits each CREATE
-- TABLE at once: a run that was cut off after it must be repeatable.
CREATE TABLE IF NOT EXISTS tenancy_api_keys (
    id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tenant_id    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name         TEXT NOT NULL,
    hash         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires_at   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    revoked_at   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    last_used_at VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    CONSTRAINT tenancy_api_keys_pkey PRIMARY KEY (id),
    INDEX tenancy_api_keys_tenant_idx (tenant_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
