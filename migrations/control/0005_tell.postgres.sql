-- Whatever changes what is known of a tenant tells everybody who listens, when it is committed: its id,
-- and each of the names it had and has. `runtime/src/cache/notify.rs` hears it.
CREATE FUNCTION tenancy_tell() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $tell$
DECLARE
    before jsonb := to_jsonb(OLD);
    since  jsonb := to_jsonb(NEW);
    whose  text;
    name   text := TG_ARGV[0];
    mark   text := TG_ARGV[1];
BEGIN
    IF TG_OP = 'INSERT' THEN before := since; END IF;
    IF TG_OP = 'DELETE' THEN since := before; END IF;
    whose := since ->> TG_ARGV[2];
    PERFORM pg_notify('tenancy_tenants', concat(whose, E'\n', mark, before ->> name,
        CASE WHEN before ->> name <> since ->> name THEN concat(E'\n', mark, since ->> name) END));
    RETURN NULL;
END
$tell$
-- next
CREATE TRIGGER tenancy_tell AFTER INSERT OR UPDATE OR DELETE ON tenancy_tenants
    FOR EACH ROW EXECUTE FUNCTION tenancy_tell('slug', '', 'id')
-- next
CREATE TRIGGER tenancy_tell AFTER INSERT OR UPDATE OR DELETE ON tenancy_domains
    FOR EACH ROW EXECUTE FUNCTION tenancy_tell('domain', 'd:', 'tenant_id')
-- next
-- When a key was used last is nobody's concern.
CREATE TRIGGER tenancy_tell AFTER INSERT OR DELETE OR UPDATE OF tenant_id, hash, expires_at, revoked_at
    ON tenancy_api_keys
    FOR EACH ROW EXECUTE FUNCTION tenancy_tell('id', 'k:', 'tenant_id')
