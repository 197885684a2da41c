-- The tenants of the control plane. Sections of this file are divided by lines that read `-- next`.
-- Moments are RFC 3339 texts of one width, in UTC, to the microsecond: they sort as they follow each other.
CREATE TABLE tenancy_tenants (
    id           TEXT NOT NULL PRIMARY KEY,
    slug         TEXT NOT NULL,
    name         TEXT NOT NULL,
    status       TEXT NOT NULL,
    tier         TEXT,
    isolation    TEXT,
    placed_as    TEXT,
    placed_in    TEXT,
    metadata     TEXT NOT NULL,
    database_url TEXT,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL
)
-- next
CREATE UNIQUE INDEX tenancy_tenants_slug_key ON tenancy_tenants (slug)
-- next
CREATE UNIQUE INDEX tenancy_tenants_place_key ON tenancy_tenants (placed_in)
