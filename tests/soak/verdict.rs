//! What must hold when the work is over.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use sea_orm::{ActiveValue::Set, EntityTrait};
use tenancy::Tenancy;
use tenancy_tests::{Engine, Strategy};

use crate::{
    entity::counter,
    ground::Ground,
    history::{Row, Slot, check_row, slot_of, tag},
    request::{Action, Answer, COUNTERS, Request, TOGETHER, Way},
    settings::Settings,
    world::{Cut, Outcome, World},
};

/// The counters of every tenant, at nothing.
pub(crate) async fn fill(tenancy: &Tenancy, world: &World) {
    for tenant in &world.tenants {
        let db = tenancy.db(tenant).await.expect("the tenant's connection");
        let counters = (0..COUNTERS).map(|id| counter::ActiveModel {
            id: Set(id),
            total: Set(0),
            tag: Set(tag(tenant, id)),
            ..Default::default()
        });
        let insert = counter::Entity::insert_many(counters);
        insert.exec_without_returning(&db).await.expect("the counters");
    }
}

/// What happened, in a line.
pub(crate) fn figures(world: &World, settings: &Settings, restarts: u32, took: Duration) -> String {
    let tally = &world.tally;
    let [answered, wrote, cut_off, panicked] =
        [&tally.answered, &tally.wrote, &tally.cut_off, &tally.panicked].map(|it| it.load(SeqCst));
    let [failed, after, locked] =
        [&tally.failed, &tally.failed_after, &tally.locked].map(|it| it.load(SeqCst));
    let all = answered + cut_off + panicked + failed + after + locked;
    let rate = all as f64 / took.as_secs_f64();
    format!(
        "{} tenants, {} tasks, {:.0} s: {all} operations ({rate:.0}/s); {answered} answered \
         ({wrote} writes), {cut_off} cancelled, {panicked} panicked, {failed} failed in {restarts} \
         restarts and {after} after them, {locked} by locks",
        settings.tenants().len(),
        settings.tasks,
        took.as_secs_f64()
    )
}

/// Everybody is served, more at a time than there are connections, and nothing is left open.
pub(crate) async fn recovered(ground: &Ground, world: &Arc<World>) {
    let ways = [Way::All, Way::Streamed, Way::InTransaction, Way::Joined];
    let requests = (0..4 * world.tenants.len()).map(|number| {
        let world = Arc::clone(world);
        tokio::spawn(async move {
            let action = Action::Scan(ways[number % ways.len()]);
            let request = Request { writer: 0, n: 0, action, panics_at: 0 };
            let outcome = world.send(number % world.tenants.len(), request, Cut::Never).await;
            assert!(matches!(outcome, Ok(Outcome::Answered(Answer::Rows(_)))), "nobody answered");
        })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.expect("everybody is served again");
    }
    let mut patience = 200;
    while ground.left_open().await != 0 {
        patience -= 1;
        assert!(patience > 0, "a transaction stays open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What was acknowledged is there, what was not is there or not and never half, and nothing else.
pub(crate) async fn all_there(ground: &Ground, world: &World, histories: &[Vec<Vec<Slot>>]) {
    let apart = matches!(ground.strategy, Strategy::Schema | Strategy::Database);
    let mut shared: HashMap<String, Vec<Row>> = HashMap::new();
    let mut counters = Vec::new();
    if !apart {
        let name = world.tenants.first().expect("there are tenants");
        for row in ground.entries(name).await {
            shared.entry(row.tenant.clone()).or_default().push(row);
        }
        counters = ground.counters(name).await;
    }
    for (tenant, name) in world.tenants.iter().enumerate() {
        let rows = match apart {
            true => ground.entries(name).await,
            false => shared.remove(name).unwrap_or_default(),
        };
        let mut slots: HashMap<(usize, usize), Vec<i64>> = HashMap::new();
        for row in &rows {
            check_row(name, row).expect("every row is the tenant's");
            slots.entry(slot_of(row.id)).or_default().push(row.version);
        }
        for (writer, history) in histories.iter().enumerate() {
            for (n, slot) in history[tenant].iter().enumerate() {
                let versions = slots.remove(&(writer, n)).unwrap_or_default();
                let verdict = slot.check(&versions);
                let verdict =
                    verdict.map_err(|why| format!("{why}: {name}/{writer}/{n}, {slot:?}"));
                verdict.expect("what was acknowledged is there");
            }
        }
        assert!(slots.is_empty(), "`{name}` has rows that nobody wrote: {slots:?}");

        if apart {
            counters = ground.counters(name).await;
        }
        let own: Vec<_> = counters.iter().filter(|(_, _, owner, _)| owner == name).collect();
        let ids: Vec<i64> = own.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids, (0..COUNTERS).collect::<Vec<_>>(), "the counters of `{name}`");
        for (id, total, _, said) in &own {
            let (least, most) =
                (world.totals.acknowledged(tenant, *id), world.totals.asked(tenant, *id));
            assert!(
                (least..=most).contains(total),
                "counter {id} of `{name}` is {total}, not within {least}..={most}"
            );
            assert_eq!(*said, tag(name, *id));
        }
        let [one, other] = TOGETHER.map(|id| own[usize::try_from(id).unwrap_or(0)].1);
        assert_eq!(one, other, "counters of `{name}` that go together");
        let foreign = counters.iter().filter(|(_, _, owner, _)| !world.tenants.contains(owner));
        assert_eq!(foreign.count(), 0);
    }
    assert!(shared.is_empty(), "rows of nobody: {shared:?}");
}

/// The load was what it is said to be.
pub(crate) fn all_happened(ground: &Ground, world: &World, restarts: u32) {
    let tally = &world.tally;
    let count = |it: &std::sync::atomic::AtomicU64| it.load(SeqCst);
    assert!(count(&tally.answered) > 0 && count(&tally.wrote) > 0, "nothing was done");
    assert!(count(&tally.cut_off) > 0 && count(&tally.panicked) > 0, "nothing was cut off");
    assert!(restarts == 0 || count(&tally.failed) > 0, "nobody noticed the restarts");
    // A broken connection fails once.
    let after = count(&tally.failed_after);
    let most = ground.connections() * u64::from(restarts);
    assert!(after <= most, "{after} requests failed with the server back, and {most} may");
    let locked = count(&tally.locked);
    assert!(ground.engine != Engine::Postgres || locked == 0, "{locked} deadlocks");
}
