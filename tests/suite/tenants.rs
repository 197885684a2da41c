//! The control plane: tenants on every engine.

use tenancy::{NewTenant, Slug, Status, Tenancy};
use tenancy_tests::each_engine;

each_engine! {
    async fn live_their_lives(shop) {
        let new = NewTenant::new("initech").unwrap().name("Initéch 株式会社").tier("gold").metadata("seats", 7);
        let made = shop.tenancy.create_tenant(new).await.unwrap();
        let read = shop.tenancy.tenant("initech").await.unwrap();
        assert_eq!(*made, *read);
        assert_eq!((read.name.as_str(), read.tier.as_deref(), read.metadata["seats"].as_i64()), ("Initéch 株式会社", Some("gold"), Some(7)));
        assert!(read.id.as_uuid().is_some());
        let suspended = shop.tenancy.set_status(&read.id, Status::Suspended).await.unwrap();
        assert_eq!(suspended.status, Status::Suspended);
        assert!(shop.tenancy.db("initech").await.unwrap_err().is_inactive());
        shop.tenancy.set_status(&read.id, Status::Active).await.unwrap();
        shop.tenancy.rename(&read.id, Slug::new("initrode").unwrap()).await.unwrap();
        assert!(shop.tenancy.tenant("initech").await.is_err());
        assert_eq!(shop.tenancy.tenant("initrode").await.unwrap().id, read.id);
        assert_eq!(shop.tenancy.tenants().await.unwrap().len(), 3);
    }

    async fn never_share_an_id_or_a_slug(shop) {
        let again = NewTenant::new("acme").unwrap();
        assert!(shop.tenancy.create_tenant(again).await.unwrap_err().is_conflict());
        let again = NewTenant::new("other").unwrap().id("acme").unwrap();
        assert!(shop.tenancy.create_tenant(again).await.unwrap_err().is_conflict());
        let globex = shop.tenancy.tenant("globex").await.unwrap();
        let taken = shop.tenancy.rename(&globex.id, Slug::new("acme").unwrap()).await;
        assert!(taken.unwrap_err().is_conflict());
        assert_eq!(shop.tenancy.tenant("acme").await.unwrap().id.as_str(), "acme");
        assert_eq!(shop.tenancy.tenants().await.unwrap().len(), 2);
    }

    async fn survive_a_second_start(shop) {
        let second = Tenancy::builder().database(&shop.scratch.url).connect().await.unwrap();
        second.create_tables().await.unwrap();
        assert_eq!(second.tenants().await.unwrap().len(), 2);
        second.close().await.unwrap();
        assert!(second.db("acme").await.unwrap_err().is_closed());
    }

    async fn many_starts_at_once(shop) {
        let starts = (0..4).map(|_| {
            let url = shop.scratch.url.clone();
            tokio::spawn(async move {
                let tenancy = Tenancy::builder().database(url).max_connections(2).connect().await?;
                tenancy.close().await
            })
        });
        for start in starts.collect::<Vec<_>>() {
            start.await.unwrap().unwrap();
        }
    }
}
