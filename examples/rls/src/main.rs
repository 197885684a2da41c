//! Row security of PostgreSQL, three times the same: in `migrations/rls.sql`, which `build.rs` writes
//! from the entities; as constants of each entity; and from the catalog of the running program.

pub mod entity;

use entity::post;

fn main() {
    println!("The row security of posts, for a migration to run:\n");
    println!("{}", post::Entity::rls().up);
    println!("That of all tables is in `migrations/rls.sql`.");
}

#[cfg(test)]
mod tests {
    use tenancy::policy::{Context, tables};

    use super::*;

    const FILE: &str = include_str!("../migrations/rls.sql");

    #[test]
    fn the_file_is_what_the_program_says() {
        let script = tables(&tenancy::entity::catalog().unwrap(), Context::Setting).to_string();
        assert!(FILE.ends_with(&script), "{script}");
    }

    #[test]
    fn an_entity_says_the_same_of_itself() {
        assert!(FILE.contains(post::Entity::rls().up));
        assert!(FILE.contains(entity::comment::Entity::rls().up));
    }
}
