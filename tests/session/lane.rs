//! Lanes: connections that belong to one tenant from birth to death.

use futures_util::future::join_all;
use sea_orm::ConnectionTrait;

use crate::{
    proxy::Proxy,
    trips::measure,
    world::{self, read, totals, work},
};

#[test]
fn a_statement_takes_one_round_trip() {
    world::run(async |world| {
        let proxy = Proxy::before(world.server.clone(), |_| {}).await;
        let app = world.app(&world.url(&proxy.place), 1).await;
        let tenant = app.tenancy.tenant("acme").await.unwrap();
        let lane = app.tenancy.__open_lane(&tenant, 1).await.unwrap();
        let [read, insert, update, stream, transaction, savepoint, failure] =
            measure(&proxy, lane.db()).await;
        assert_eq!([read, insert, update, stream, failure], [1; 5]);
        assert_eq!((transaction, savepoint), (1 + 2 + 1, 2 + 2 + 2));
        lane.close().await;
        world.all_told_right().await;
        app.close().await;
    });
}

#[test]
fn lanes_belong_to_one_tenant() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 2).await;
        let mut lanes = vec![];
        for name in ["acme", "globex"] {
            let tenant = app.tenancy.tenant(name).await.unwrap();
            lanes.push(app.tenancy.__open_lane(&tenant, 2).await.unwrap());
        }
        assert_eq!(format!("{:?}", lanes[0]), "Lane { tenant: TenantId(acme), .. }");
        for round in 0..3 {
            let marks: Vec<_> = (0..4).map(|n| format!("{round} {n}")).collect();
            let on_lanes =
                lanes.iter().flat_map(|lane| marks.iter().map(|mark| work(lane.db(), mark)));
            let beside: Vec<_> = marks.iter().map(|mark| format!("beside {mark}")).collect();
            let beside =
                beside.iter().flat_map(|mark| [work(&app.acme, mark), work(&app.globex, mark)]);
            futures_util::future::join(join_all(on_lanes), join_all(beside)).await;
            app.nothing_is_left().await;
        }
        world.all_told_right().await;

        // A closed lane serves nobody; the tenant goes on by the ordinary way.
        lanes[0].close().await;
        assert!(lanes[0].db().execute_unprepared("SELECT id FROM orders").await.is_err());
        assert_eq!(read(&app.acme).await, totals("acme"));
        assert_eq!(read(lanes[1].db()).await, totals("globex"));
        lanes[1].close().await;
        app.close().await;
    });
}

/// The other tenant's lane with this tenant's predicate: between the two walls there is nothing.
#[test]
fn a_lane_for_somebody_who_is_not_served_is_not_opened() {
    world::run(async |world| {
        let app = world.app(&world.url(&world.server), 1).await;
        let globex = app.tenancy.tenant("globex").await.unwrap();
        // The application's role may not write the tenants' table here.
        let status = tenancy::Status::Suspended;
        let suspended = world.shop.tenancy.set_status(&globex.id, status).await.unwrap();
        let error = app.tenancy.__open_lane(&suspended, 1).await.unwrap_err();
        assert!(error.is_inactive(), "{error}");
        app.close().await;
    });
}
