//! TPC-H on shared tables: its 22 queries and refresh functions over the rows of five tenants.
//!
//! Each tenant has rows by the rules of the TPC-H specification (its table definitions, its keys, and
//! its lists of values), with the same keys for everyone. They are in shared tables that carry
//! `tenant_id`, all eight of them; and, tenant by tenant, in a private database that holds that tenant
//! alone and knows no tenancy. Through `TenantDb` every query must return from the shared tables
//! exactly what it returns from the private database: the same texts, numbers and dates, bit by bit,
//! in the same order where the query orders them. The refresh functions run on both in between, and
//! the other tenants must not notice.
//!
//! The rows are half of what the specification calls scale 0.01, unless `TENANCY_TPCH_SCALE` names
//! another scale.

mod answer;
// Not from the library: the entities there would be linked too, and one of them is `orders` as well.
#[path = "../src/engine.rs"]
#[allow(dead_code, unreachable_pub)]
mod engine;
mod entity;
mod fingerprint;
mod generator;
mod load;
mod query;
mod random;
mod refresh;
mod table;
mod words;
mod world;

use std::collections::BTreeSet;

use sea_orm::DatabaseConnection;
use tenancy::TenantDb;

use crate::{
    answer::{Answer, answer},
    engine::Engine,
    fingerprint::fingerprint,
    query::queries,
    world::{TENANTS, World},
};

/// The scale of each tenant: 750 customers with 7,500 orders of about 30,000 lines, and 1,000 parts.
/// Set `TENANCY_TPCH_SCALE=0.01` for twice as much.
const SCALE: f64 = 0.005;

fn scale() -> f64 {
    let Ok(text) = std::env::var("TENANCY_TPCH_SCALE") else { return SCALE };
    let scale = text.parse().ok().filter(|scale| (SCALE..=1.0).contains(scale));
    scale
        .unwrap_or_else(|| panic!("TENANCY_TPCH_SCALE is a number from {SCALE} to 1, not {text:?}"))
}

/// Every query on both; returns the answers, which are the same.
async fn compare(shared: &TenantDb, private: &DatabaseConnection, scale: f64) -> Vec<Answer> {
    let mut answers = Vec::new();
    for query in &queries() {
        let ours = answer(shared, query, scale).await;
        let theirs = answer(private, query, scale).await;
        let (number, tenant) = (query.number, &shared.tenant().slug);
        if query.ties.is_empty() {
            assert_eq!(ours, theirs, "query {number} of {tenant}");
        } else {
            let columns = query.ties;
            assert_eq!(ours.order(columns), theirs.order(columns), "query {number} of {tenant}");
            assert_eq!(ours.clone().sorted(), theirs.sorted(), "query {number} of {tenant}");
        }
        answers.push(ours);
    }
    answers
}

async fn shared_equals_private(world: &World) {
    let scale = world.size.scale;
    let mut answers = Vec::new();
    let mut compared = 0;
    let mut prints = world.fingerprints().await;
    for (number, tenant) in TENANTS.iter().enumerate() {
        let shared = world.shared(number).await;
        let private = world.private(number);
        let before = compare(&shared, private, scale).await;

        let refresh = world.refresh(number);
        let deleted = refresh.run(&shared).await;
        assert_eq!(deleted, refresh.run_private(private).await);
        assert!(deleted[0] > 10 && deleted[1] >= 10, "{deleted:?}");
        let now = world.fingerprints().await;
        for (other, (then, now)) in prints.iter().zip(&now).enumerate() {
            if other == number {
                assert_ne!(then, now, "the refresh changed nothing");
                assert_eq!(*now, fingerprint(private, None).await, "{tenant}");
            } else {
                assert_eq!(then, now, "{tenant} changed {}", TENANTS[other]);
            }
        }
        prints = now;

        let after = compare(&shared, private, scale).await;
        let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        assert!(changed >= 5, "the refresh changed {changed} answers");
        compared += before.iter().chain(&after).map(|answer| answer.rows.len()).sum::<usize>();
        answers.push(before);
    }
    // Equal answers prove something only if there are answers, and if those of the neighbours differ.
    for (index, query) in queries().iter().enumerate() {
        let telling = answers.iter().map(|answers| &answers[index]);
        let telling: Vec<_> = telling.filter(|answer| answer.says_something()).collect();
        let different: BTreeSet<_> = telling.iter().map(|answer| &answer.rows).collect();
        let number = query.number;
        assert!(telling.len() >= 3, "query {number} has answers for {} tenants", telling.len());
        assert!(different.len() >= 2, "query {number} answers all tenants the same");
    }
    assert!(compared > 4_000, "{compared} rows were compared");
    println!("{:?} at scale {scale}: {compared} rows compared", world.engine);
}

mod tpch {
    use super::{Engine, scale, shared_equals_private, world};

    #[test]
    fn sqlite() {
        world::run(Engine::Sqlite, scale(), shared_equals_private);
    }

    #[test]
    fn postgres() {
        world::run(Engine::Postgres, scale(), shared_equals_private);
    }

    #[test]
    fn mysql() {
        world::run(Engine::MySql, scale(), shared_equals_private);
    }
}
