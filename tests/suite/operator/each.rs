//! The same work for many tenants, each with its own connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use sea_orm::{DbErr, EntityTrait, PaginatorTrait, TransactionTrait};
use tenancy::{NewTenant, Outcome, Slug, Status, TenantId, current_tenant};
use tenancy_tests::{
    each_engine,
    entity::{ledger, order, rows},
};

use super::entry;

each_engine! {
    async fn each_tenant_is_worked_for_with_its_own_connection(shop) {
        let outcomes = shop.tenancy.for_each_tenant().run(|db| {
            // Also before it awaits anything.
            assert_eq!(current_tenant().as_ref(), Some(&db.tenant().id));
            async move {
            assert_eq!(current_tenant().as_ref(), Some(&db.tenant().id));
            let orders = order::Entity::find().all(&db).await?;
            assert!(orders.iter().all(|order| order.tenant_id == db.tenant().id.as_str()));
            ledger::Entity::insert(entry("billed")).exec_without_returning(&db).await?;
            Ok(orders.iter().map(|order| order.total).sum::<i64>())
        }});
        let done = outcomes.await.unwrap().into_result().unwrap();
        let done: Vec<(&str, i64)> = done.iter().map(|(tenant, sum)| (tenant.id.as_str(), *sum)).collect();
        assert_eq!(done, [("acme", 21), ("globex", 21_000)]);
        for tenant in ["acme", "globex"] {
            let table = shop.table(tenant, "ledger");
            let sql = format!("SELECT entry FROM {table} WHERE tenant_id = '{tenant}'");
            assert_eq!(rows(shop.beside(tenant), &sql).await.len(), 1, "{tenant}");
        }
    }

    async fn what_fails_for_one_tenant_is_no_other_ones(shop) {
        for slug in ["initech", "umbrella"] {
            shop.tenancy.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap().tier("pro")).await.unwrap();
        }
        let umbrella = shop.tenancy.tenant("umbrella").await.unwrap();
        shop.tenancy.suspend(&umbrella.id).await.unwrap();
        let outcomes = shop.tenancy.for_each_tenant().run(|db| async move {
            let transaction = db.begin().await?;
            ledger::Entity::insert(entry("half")).exec_without_returning(&transaction).await?;
            match db.tenant().slug.as_str() {
                "acme" => panic!("no ink"),
                "globex" => return Err(DbErr::Custom("no paper".into()).into()),
                _ => transaction.commit().await?,
            }
            Ok(())
        }).await.unwrap();
        let texts: Vec<String> = outcomes.all().iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "the tenant `acme` (`acme`): panicked: no ink");
        assert!(texts[1].starts_with("the tenant `globex` (`globex`): ") && texts[1].contains("no paper"), "{}", texts[1]);
        assert_eq!(texts[2..], ["the tenant `initech` (`initech`): done", "the tenant `umbrella` (`umbrella`): not begun, since it is suspended"]);
        assert_eq!(outcomes.failed().count(), 2);
        assert_eq!(outcomes.skipped().map(|tenant| tenant.slug.as_str()).collect::<Vec<_>>(), ["umbrella"]);
        let error = outcomes.into_result().unwrap_err();
        assert!(error.is_incomplete());
        let text = error.to_string();
        assert!(text.starts_with("the work failed for 2 of 4 tenants:\nthe tenant `acme`") && text.contains("no paper"), "{text}");
        shop.no_transaction(0).await;
        for db in [&shop.acme, &shop.globex] {
            assert_eq!(ledger::Entity::find().count(db).await.unwrap(), 0);
        }
        // Whoever asks for some gets those, and is told of one that is not there.
        let pro = shop.tenancy.for_each_tenant().tier("pro").run(|db| async move { Ok(db.tenant().slug.clone()) });
        let pro = pro.await.unwrap();
        assert_eq!(pro.done().map(|(_, slug)| slug.as_str()).collect::<Vec<_>>(), ["initech"]);
        assert!(matches!(pro.all()[1].outcome, Outcome::Skipped(Status::Suspended)));
        let slugs = ["globex", "nobody"].map(|slug| Slug::new(slug).unwrap());
        let none = shop.tenancy.for_each_tenant().slugs(slugs).run(|_| async { Ok(()) }).await;
        assert!(none.unwrap_err().is_tenant_not_found());
    }

    async fn no_more_at_a_time_than_are_wanted_and_none_after_the_end(shop) {
        for n in 0..6 {
            let slug = format!("t{n}");
            shop.tenancy.create_tenant(NewTenant::new(&slug).unwrap().id(&slug).unwrap()).await.unwrap();
        }
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let outcomes = shop.tenancy.for_each_tenant().concurrency(3).run(|_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }).await.unwrap();
        assert_eq!((outcomes.done().count(), most.load(Ordering::SeqCst)), (8, 3));
        let first = shop.tenancy.for_each_tenant().concurrency(1).stop_at_first_error().run(|db| async move {
            if db.tenant().slug.as_str() == "globex" { Err(DbErr::Custom("no".into()).into()) } else { Ok(()) }
        }).await.unwrap();
        assert_eq!((first.done().count(), first.failed().count(), first.all().len()), (1, 1, 8));
        let rest = first.all().iter().skip(2);
        assert_eq!(rest.filter(|it| matches!(it.outcome, Outcome::NotBegun)).count(), 6);
        // Nobody goes on for a caller that is gone.
        let ended = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ended);
        let run = shop.tenancy.for_each_tenant().run(move |db| {
            let flag = Arc::clone(&flag);
            async move {
                let transaction = db.begin().await?;
                tokio::time::sleep(Duration::from_millis(300)).await;
                flag.store(true, Ordering::SeqCst);
                transaction.commit().await?;
                Ok(())
            }
        });
        assert!(tokio::time::timeout(Duration::from_millis(100), run).await.is_err());
        shop.no_transaction(0).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(!ended.load(Ordering::SeqCst));
    }

    async fn a_tenant_is_worked_for_as_it_is_when_its_turn_comes(shop) {
        for slug in ["initech", "umbrella"] {
            shop.tenancy.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap()).await.unwrap();
        }
        let tenancy = &shop.tenancy;
        let outcomes = tenancy.for_each_tenant().concurrency(1).run(|db| {
            let tenancy = tenancy.clone();
            async move {
                if db.tenant().slug.as_str() == "acme" {
                    let [globex, initech] = ["globex", "initech"].map(|id| TenantId::new(id).unwrap());
                    tenancy.suspend(&globex).await?;
                    tenancy.delete(&initech).await?;
                    tenancy.purge(&initech, &Slug::new("initech").unwrap()).await?;
                }
                Ok(order::Entity::find().count(&db).await?)
            }
        }).await.unwrap();
        let texts: Vec<String> = outcomes.all().iter().map(ToString::to_string).collect();
        assert_eq!(texts, [
            "the tenant `acme` (`acme`): done",
            "the tenant `globex` (`globex`): not begun, since it is suspended",
            "the tenant `initech` (`initech`): there is no such tenant",
            "the tenant `umbrella` (`umbrella`): done",
        ]);
        assert_eq!(outcomes.done().map(|(_, orders)| *orders).collect::<Vec<_>>(), [6, 0]);
        // Whoever asks for suspended tenants gets those alone, and each its own rows.
        let suspended = tenancy.for_each_tenant().statuses([Status::Suspended]).run(|db| async move {
            assert_eq!(db.tenant().slug.as_str(), "globex");
            let orders = order::Entity::find().all(&db).await?;
            Ok(orders.iter().map(|order| order.total).sum::<i64>())
        }).await.unwrap();
        assert_eq!(suspended.done().map(|(_, sum)| *sum).collect::<Vec<_>>(), [21_000]);
        assert_eq!(suspended.skipped().count(), 2);
        assert!(tenancy.db("globex").await.unwrap_err().is_inactive());
    }
}
