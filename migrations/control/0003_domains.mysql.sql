-- Domains of tenants' own. Several tenants may claim one; `held` is the domain again for the one of them
-- that has shown that it is theirs, and so nobody else can.
-- IF NOT EXISTS stands here, and in no other engine's file, because this engine commits each CREATE
-- TABLE at once: a run that was cut off after it must be repeatable.
CREATE TABLE IF NOT EXISTS tenancy_domains (
    domain      VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tenant_id   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    token       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    held        VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
    added_at    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    verified_at VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    removed_at  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    CONSTRAINT tenancy_domains_pkey PRIMARY KEY (domain, tenant_id),
    CONSTRAINT tenancy_domains_held_key UNIQUE (held),
    INDEX tenancy_domains_tenant_idx (tenant_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
