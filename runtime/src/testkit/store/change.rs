//! Tenants that change, and tenants that go.

use std::sync::Arc;

use tenancy_core::Status;

use super::{
    Broken, Outcome, Store, by_id, by_slug, id_of, later, must, slug_of, tenant, together,
};

pub(super) async fn a_rename_moves_both_indexes(store: Store) -> Outcome {
    let old = tenant("r-1", "old-name")?;
    store.insert(&old).await?;
    store.insert(&tenant("r-2", "occupied")?).await?;
    let slug = slug_of("new-name")?;
    let renamed = later(&old, |tenant| tenant.slug = slug);
    must!(
        store.update(&renamed, old.updated_at).await?,
        "nobody changed it, and it was not renamed"
    );
    must!(by_slug(&store, "old-name").await?.is_none(), "it is found by the slug it had");
    must!(
        by_slug(&store, "new-name").await?.as_ref() == Some(&renamed),
        "its slug does not find it"
    );
    must!(by_id(&store, "r-1").await?.as_ref() == Some(&renamed), "its id finds what it was");

    let occupied = slug_of("occupied")?;
    let thief = later(&renamed, |tenant| tenant.slug = occupied);
    let refused = store.update(&thief, renamed.updated_at).await;
    must!(refused.is_err_and(|error| error.is_conflict()), "a slug is taken from nobody");
    let owner = by_slug(&store, "occupied").await?.map(|tenant| tenant.id.to_string());
    must!(owner.as_deref() == Some("r-2"), "the slug has another owner");
    must!(by_slug(&store, "new-name").await? == Some(renamed), "a refused change was made");
    // The old name is free for another.
    store.insert(&tenant("r-3", "old-name")?).await?;
    Ok(())
}

pub(super) async fn an_update_needs_what_was_seen(store: Store) -> Outcome {
    let first = tenant("u-1", "updated")?;
    store.insert(&first).await?;
    let second = later(&first, |tenant| tenant.status = Status::Suspended);
    must!(
        store.update(&second, first.updated_at).await?,
        "nobody changed it, and it did not change"
    );
    let late = later(&second, |tenant| tenant.name = "late".into());
    must!(
        !store.update(&late, first.updated_at).await?,
        "what was seen is no more, and it changed"
    );
    must!(by_id(&store, "u-1").await? == Some(second), "a change that was not made was made");
    let unknown = tenant("u-unknown", "unknown")?;
    must!(!store.update(&unknown, unknown.updated_at).await?, "who is not there was changed");
    must!(by_id(&store, "u-unknown").await?.is_none(), "a change made somebody");
    must!(by_slug(&store, "unknown").await?.is_none(), "a change made somebody");
    Ok(())
}

pub(super) async fn nobody_overwrites_what_others_change(store: Store) -> Outcome {
    store.insert(&tenant("busy", "busy")?).await?;
    let done = together(8, |number| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..1_000 {
                let Some(busy) = by_id(&store, "busy").await? else { break };
                let changed = later(&busy, |tenant| {
                    tenant.metadata.insert(format!("change {number}"), number.into());
                });
                if store.update(&changed, busy.updated_at).await? {
                    return Ok::<_, Broken>(());
                }
                tokio::task::yield_now().await;
            }
            Err(Broken("of those who change it at once, none succeeds".to_owned()))
        }
    });
    for outcome in done.await? {
        outcome?;
    }
    let kept = by_id(&store, "busy").await?.map_or(0, |tenant| tenant.metadata.len());
    must!(kept == 8, "of 8 changes that were made, {kept} are there");
    Ok(())
}

pub(super) async fn what_is_removed_is_gone_and_free(store: Store) -> Outcome {
    let first = tenant("gone", "gone")?;
    store.insert(&first).await?;
    store.insert(&tenant("stays", "stays")?).await?;
    must!(store.remove(&first.id, first.updated_at).await?, "it was not removed");
    must!(by_id(&store, "gone").await?.is_none(), "it is found by its id");
    must!(by_slug(&store, "gone").await?.is_none(), "it is found by its slug");
    let listed = store.list(None, 10).await?;
    must!(
        listed.len() == 1 && listed[0].slug.as_str() == "stays",
        "the list has others than it should"
    );
    must!(store.remove(&first.id, first.updated_at).await?, "who is gone counts as removed");
    store.insert(&tenant("gone", "gone")?).await?;
    Ok(())
}

pub(super) async fn a_removal_needs_what_was_seen(store: Store) -> Outcome {
    let first = tenant("kept", "kept")?;
    store.insert(&first).await?;
    let second = later(&first, |tenant| tenant.status = Status::Deleted);
    must!(store.update(&second, first.updated_at).await?, "it did not change");
    must!(!store.remove(&id_of("kept")?, first.updated_at).await?, "what was seen is no more");
    must!(by_slug(&store, "kept").await? == Some(second), "it is not there any more");
    Ok(())
}
