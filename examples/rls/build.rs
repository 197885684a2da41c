//! Writes `migrations/rls.sql` when an entity has changed.

fn main() -> Result<(), tenancy_source::build::Error> {
    tenancy_source::build::rls()
}
