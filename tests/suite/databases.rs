//! Tenants with a database of their own: whose it is, what is in it, and how many connections lead
//! to all of them.

use std::time::Duration;

use futures_util::{TryStreamExt, future::join_all};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait,
    TransactionTrait,
};
use tenancy::{Database, Error, NewTenant, Slug, Tenancy};
use tenancy_tests::{
    Engine, Shop, each_database,
    entity::{order, product, word},
};

fn new(slug: &str) -> NewTenant {
    NewTenant::new(slug).unwrap().id(slug).unwrap()
}

/// Another tenancy over the same databases, with that many connections to those of tenants.
async fn tenancy(shop: &Shop, budget: usize, per_tenant: usize) -> Tenancy {
    let builder = Tenancy::builder()
        .database(&shop.scratch.url)
        .isolation(Database::new().prefix(shop.scratch.prefix()))
        .connection_budget(budget)
        .connections_per_tenant(per_tenant)
        .acquire_timeout(Duration::from_millis(500));
    builder.connect().await.unwrap()
}

each_database! {
    async fn hold_the_tables_of_one_tenant_and_no_shared_ones(shop) {
        assert!(shop.beside("acme").execute_unprepared("SELECT id FROM products").await.is_err());
        assert!(shop.eye.execute_unprepared("SELECT id FROM orders").await.is_err());
        assert_eq!(product::Entity::find().count(&shop.acme).await.unwrap(), 2);
        // A row somebody put beside the scoper into the wrong database is seen by nobody.
        let stray = "INSERT INTO orders (tenant_id, id, customer_id, status, total) VALUES ('globex', 99, 1, 'x', 1)";
        shop.beside("globex").execute_unprepared(stray).await.unwrap();
        let stray = stray.replace("99, 1", "98, 1");
        assert!(
            shop.beside("acme").execute_unprepared(&stray).await.is_err()
                || order::Entity::find_by_id(98).one(&shop.acme).await.unwrap().is_none()
        );
        assert_eq!(order::Entity::find().count(&shop.acme).await.unwrap(), 6);
    }

    async fn shared_tables_are_read_beside_a_transaction_and_not_written(shop) {
        let transaction = shop.acme.begin().await.unwrap();
        let nested = transaction.begin().await.unwrap();
        assert_eq!(product::Entity::find().count(&nested).await.unwrap(), 2);
        let rows: Vec<_> = product::Entity::find().stream(&nested).await.unwrap().try_collect().await.unwrap();
        assert_eq!(rows.len(), 2);
        let hello = || word::ActiveModel { id: Set(1), word: Set("hello".into()) };
        let error = word::Entity::insert(hello()).exec_without_returning(&nested).await.unwrap_err();
        let refusal = Error::refusal_in(&error).unwrap().to_string();
        assert!(refusal.contains("would not undo it") && refusal.contains("outside of the transaction"), "{refusal}");
        nested.commit().await.unwrap();
        transaction.commit().await.unwrap();
        hello().insert(&shop.acme).await.unwrap();
        assert_eq!(word::Entity::find().count(&shop.globex).await.unwrap(), 1);
    }

    async fn one_that_is_somebody_elses_is_never_shared(shop) {
        let prefix = shop.scratch.prefix();
        let name = format!("{prefix}t_squat");
        if shop.scratch.engine() == Engine::Sqlite {
            let path = shop.scratch.url_of("squat").replace("sqlite://", "");
            std::fs::File::create(path).unwrap();
        } else {
            shop.eye.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        }
        let eye = shop.scratch.eye_of("squat").await;
        eye.execute_unprepared("CREATE TABLE orders (id INTEGER)").await.unwrap();
        let error = shop.tenancy.create_tenant(new("squat")).await.unwrap_err();
        assert!(error.is_conflict() && error.to_string().contains("does not say whose it is"), "{error}");
        assert!(shop.tenancy.db("squat").await.unwrap_err().is_inactive());
        // Nor is it dropped with the tenant that wanted it.
        let squat = shop.tenancy.tenant("squat").await.unwrap();
        shop.tenancy.delete(&squat.id).await.unwrap();
        assert!(shop.tenancy.purge(&squat.id, &squat.slug).await.unwrap_err().is_conflict());
        eye.execute_unprepared("SELECT id FROM orders").await.unwrap();
        eye.close().await.unwrap();
    }

    async fn one_that_is_missing_is_an_error_and_not_made_anew(shop) {
        let before = shop.neighbour().await;
        let tenancy = tenancy(&shop, 4, 2).await;
        let acme = tenancy.db("acme").await.unwrap();
        let name = format!("{}t_acme", shop.scratch.prefix());
        match shop.scratch.engine() {
            Engine::Sqlite => std::fs::remove_file(shop.scratch.url_of("acme").replace("sqlite://", "")).unwrap(),
            Engine::Postgres => drop(shop.eye.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap()),
            Engine::MySql => drop(shop.eye.execute_unprepared(&format!("DROP DATABASE {name}")).await.unwrap()),
        }
        for _ in 0..2 {
            let error = Error::from(order::Entity::find().all(&acme).await.unwrap_err());
            let begun = Error::from(acme.begin().await.unwrap_err());
            for error in [error, begun] {
                let text = error.to_string();
                assert!(error.is_place_missing(), "{text}");
                for part in [&format!("the tenant `acme` has no database `{name}`"), "`Tenancy::create_tenant`"] {
                    assert!(text.contains(part), "{part} is not in: {text}");
                }
            }
        }
        assert_eq!(shop.neighbour().await, before);
        tenancy.close().await.unwrap();
    }

    async fn a_purged_tenants_connections_end(shop) {
        let acme = shop.tenancy.tenant("acme").await.unwrap();
        order::Entity::find().all(&shop.acme).await.unwrap();
        shop.tenancy.delete(&acme.id).await.unwrap();
        shop.tenancy.purge(&acme.id, &Slug::new("acme").unwrap()).await.unwrap();
        let error = order::Entity::find().all(&shop.acme).await.unwrap_err();
        assert!(error.to_string().contains("no longer served"), "{error}");
        shop.tenancy.create_tenant(new("acme")).await.unwrap();
        let again = shop.tenancy.db("acme").await.unwrap();
        assert_eq!(order::Entity::find().count(&again).await.unwrap(), 0);
        assert_eq!(order::Entity::find().count(&shop.globex).await.unwrap(), 6);
    }

    async fn together_keep_within_the_budget(shop) {
        let tenancy = tenancy(&shop, 3, 2).await;
        let (acme, globex) = (tenancy.db("acme").await.unwrap(), tenancy.db("globex").await.unwrap());
        let held = (acme.begin().await.unwrap(), acme.begin().await.unwrap());
        // A third of one tenant's waits in vain, and is told who has them.
        let error = acme.begin().await.unwrap_err().to_string();
        assert!(error.contains("`acme`") && error.contains("at most 2") && error.contains("held: acme 2"), "{error}");
        let other = globex.begin().await.unwrap();
        let report = tenancy.connections();
        assert_eq!((report.budget, report.open), (3, 3));
        assert_eq!(report.tenants.iter().map(|it| (&*it.tenant, it.held)).collect::<Vec<_>>(), [("acme", 2), ("globex", 1)]);
        let error = globex.begin().await.unwrap_err().to_string();
        assert!(error.contains("all engines together 3 of at most 3"), "{error}");
        for transaction in [held.0, held.1, other] {
            transaction.rollback().await.unwrap();
        }
        // Many at once take turns.
        let reads = (0..60).map(|n| {
            let db = if n % 3 == 0 { globex.clone() } else { acme.clone() };
            async move {
                let rows: Vec<_> = order::Entity::find().all(&db).await.unwrap();
                assert!(rows.len() == 6 && rows.iter().all(|row| row.tenant_id == db.tenant().id.as_str()));
            }
        });
        join_all(reads).await;
        assert!(tenancy.connections().open <= 3);
        tenancy.close().await.unwrap();
        assert_eq!(tenancy.connections().open, 0);
    }

    async fn a_tenant_may_have_a_database_elsewhere(shop) {
        let before = shop.neighbour().await;
        let own = shop.scratch.url_of("elsewhere");
        if shop.scratch.engine() == Engine::Sqlite {
            std::fs::File::create(own.replace("sqlite://", "")).unwrap();
        } else {
            let name = format!("{}t_elsewhere", shop.scratch.prefix());
            shop.eye.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        }
        let given = shop.tenancy.create_tenant(new("given").database_url(&own)).await.unwrap();
        let db = shop.tenancy.db("given").await.unwrap();
        db.execute_unprepared("INSERT INTO customers (id, name, email) VALUES (1, 'c', 'c@example.org')").await.unwrap();
        let eye = shop.scratch.eye_of("elsewhere").await;
        let rows = tenancy_tests::entity::rows(&eye, "SELECT * FROM customers").await;
        assert!(rows.len() == 1 && rows[0].contains("given"), "{rows:?}");
        // It is not for two.
        let error = shop.tenancy.create_tenant(new("second").database_url(&own)).await.unwrap_err();
        assert!(error.is_conflict() && error.to_string().contains("belongs to the tenant `given`"), "{error}");
        shop.tenancy.delete(&given.id).await.unwrap();
        shop.tenancy.purge(&given.id, &given.slug).await.unwrap();
        // Its rows are gone; the database was not ours to drop.
        assert_eq!(tenancy_tests::entity::rows(&eye, "SELECT * FROM customers").await, [""; 0]);
        eye.close().await.unwrap();
        assert_eq!(shop.neighbour().await, before);
    }
}
