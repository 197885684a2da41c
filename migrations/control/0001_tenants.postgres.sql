-- The tenants of the control plane. Sections of this file are divided by lines that read `-- next`.
-- Moments are RFC 3339 texts of one width, in UTC, to the microsecond: they sort as they follow each other.
-- Ids and slugs compare byte by byte, whatever the database's locale.
CREATE TABLE tenancy_tenants (
    id           TEXT COLLATE "C" NOT NULL,
    slug         TEXT COLLATE "C" NOT NULL,
    name         TEXT NOT NULL,
    status       TEXT NOT NULL,
    tier         TEXT,
    isolation    TEXT,
    placed_as    TEXT,
    placed_in    TEXT COLLATE "C",
    metadata     TEXT NOT NULL,
    database_url TEXT,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    CONSTRAINT tenancy_tenants_pkey PRIMARY KEY (id),
    CONSTRAINT tenancy_tenants_slug_key UNIQUE (slug),
    CONSTRAINT tenancy_tenants_place_key UNIQUE (placed_in)
)
