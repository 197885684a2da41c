-- The tenants of the control plane. Sections of this file are divided by lines that read `-- next`.
-- Moments are RFC 3339 texts of one width, in UTC, to the microsecond: they sort as they follow each other.
-- Ids and slugs compare byte by byte. IF NOT EXISTS stands here, and in no other engine's file, because
-- this engine commits each CREATE TABLE at once: a run that was cut off after it must be repeatable.
CREATE TABLE IF NOT EXISTS tenancy_tenants (
    id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    slug         VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name         TEXT NOT NULL,
    status       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tier         TEXT,
    isolation    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    placed_as    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    placed_in    VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin,
    metadata     LONGTEXT NOT NULL,
    database_url TEXT,
    created_at   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    updated_at   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    CONSTRAINT tenancy_tenants_pkey PRIMARY KEY (id),
    CONSTRAINT tenancy_tenants_slug_key UNIQUE (slug),
    CONSTRAINT tenancy_tenants_place_key UNIQUE (placed_in)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
