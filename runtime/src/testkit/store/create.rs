//! New tenants: what comes back of them, and what is refused.

use std::sync::Arc;

use serde_json::json;
use tenancy_core::{IsolationKind, Location, SchemaName, Secret, Status, Tenant};

use super::{Broken, Outcome, Store, by_id, by_slug, must, new, tenant, then, together};

pub(super) async fn everything_comes_back(store: Store) -> Outcome {
    let full = new("full_1", "full")?
        .name("Füll & Söhne 株式会社 🏦 'quoted'; --")
        .status(Status::Maintenance)
        .tier("gold ✨")
        .metadata("nested", json!({"a": [1, -2.5, null, "\u{0}\u{1F600}\""]}))
        .metadata("big", u64::MAX)
        .database_url("postgres://app:hunter2@db/full");
    let mut full = Tenant::create(full, then());
    full.isolation = Some(IsolationKind::Schema);
    let name = SchemaName::new("t_full").map_err(|error| Broken(error.to_string()))?;
    full.location = Some(Location::Schema(name));
    full.updated_at += chrono::Duration::seconds(1);
    store.insert(&full).await?;
    for found in [by_slug(&store, "full").await?, by_id(&store, "full_1").await?] {
        let Some(found) = found else {
            return Err(Broken("what was inserted was not found".to_owned()));
        };
        // Not the tenants themselves, which have what nobody should print.
        must!(found.name == full.name, "the name that came back is another");
        must!(found.metadata == full.metadata, "the metadata that came back are others");
        must!(
            found.database_url == Some(Secret::new("postgres://app:hunter2@db/full")),
            "the database URL that came back is another"
        );
        must!(found == full, "what came back is not what was inserted");
    }
    for nobody in ["ful", "full1", "full-1"] {
        must!(by_slug(&store, nobody).await?.is_none(), "somebody has the slug `{nobody}`");
        must!(by_id(&store, nobody).await?.is_none(), "somebody has the id `{nobody}`");
    }
    Ok(())
}

pub(super) async fn moments_are_kept_to_the_microsecond(store: Store) -> Outcome {
    let mut fine = tenant("fine", "fine")?;
    fine.created_at += chrono::Duration::nanoseconds(999);
    fine.updated_at = fine.created_at;
    store.insert(&fine).await?;
    let kept = by_id(&store, "fine").await?;
    let kept = kept.map(|kept| [kept.created_at, kept.updated_at]);
    must!(kept == Some([then(); 2]), "moments were not cut off at the microsecond");
    let next = super::later(&tenant("fine", "fine")?, |_| {});
    must!(store.update(&next, fine.updated_at).await?, "a finer moment was not what was seen");
    Ok(())
}

pub(super) async fn nothing_is_overwritten(store: Store) -> Outcome {
    let first = tenant("i-1", "one")?;
    store.insert(&first).await?;
    let same_id = store.insert(&tenant("i-1", "two")?).await;
    must!(same_id.is_err_and(|error| error.is_conflict()), "an id that is taken is a conflict");
    let same_slug = store.insert(&tenant("i-2", "one")?).await;
    must!(same_slug.is_err_and(|error| error.is_conflict()), "a slug that is taken is a conflict");
    must!(by_slug(&store, "one").await? == Some(first), "the tenant that was there was changed");
    must!(by_slug(&store, "two").await?.is_none(), "a refused tenant is found by its slug");
    must!(by_id(&store, "i-2").await?.is_none(), "a refused tenant is found by its id");
    Ok(())
}

pub(super) async fn places_are_unique(store: Store) -> Outcome {
    let name = SchemaName::new("t_place").map_err(|error| Broken(error.to_string()))?;
    let placed = |id: &str, place: Location| {
        tenant(id, id).map(|mut tenant| {
            tenant.location = Some(place);
            tenant
        })
    };
    store.insert(&placed("l-1", Location::Schema(name.clone()))?).await?;
    let taken = store.insert(&placed("l-2", Location::Schema(name.clone()))?).await;
    must!(taken.is_err_and(|error| error.is_conflict()), "a place that is taken is a conflict");
    must!(by_id(&store, "l-2").await?.is_none(), "a refused tenant is found");
    for id in ["l-3", "l-4"] {
        store.insert(&placed(id, Location::Row)?).await?;
    }
    let Some(row) = by_id(&store, "l-3").await? else {
        return Err(Broken("what was inserted was not found".to_owned()));
    };
    let thief = super::later(&row, |tenant| tenant.location = Some(Location::Schema(name)));
    let taken = store.update(&thief, row.updated_at).await;
    must!(taken.is_err_and(|error| error.is_conflict()), "a place is taken from nobody");
    must!(by_id(&store, "l-3").await? == Some(row), "a refused change was made");
    Ok(())
}

pub(super) async fn one_of_many_gets_the_slug(store: Store) -> Outcome {
    let done = together(8, |number| {
        let store = Arc::clone(&store);
        async move {
            let tenant = tenant(&format!("race-{number}"), "race")?;
            Ok::<_, Broken>((number, store.insert(&tenant).await))
        }
    });
    let mut winners = Vec::new();
    for outcome in done.await? {
        match outcome? {
            (number, Ok(())) => winners.push(number),
            (_, Err(error)) => must!(error.is_conflict(), "who lost was not told so: {error}"),
        }
    }
    must!(winners.len() == 1, "{} of 8 were told to have the slug", winners.len());
    let found = by_slug(&store, "race").await?.map(|tenant| tenant.id.to_string());
    must!(found == Some(format!("race-{}", winners[0])), "somebody else has the slug");
    let all = store.list(None, 100).await?;
    must!(all.len() == 1, "{} of 8 are kept", all.len());
    Ok(())
}

pub(super) async fn there_are_never_more_than_allowed(store: Store) -> Outcome {
    store.insert(&tenant("first", "first")?).await?;
    let done = together(12, |number| {
        let store = Arc::clone(&store);
        async move {
            let name = format!("many-{number}");
            Ok::<_, Broken>(store.insert_within(&tenant(&name, &name)?, 5).await)
        }
    });
    let mut kept = 1;
    for outcome in done.await? {
        match outcome? {
            Ok(()) => kept += 1,
            Err(error) => must!(error.is_full(), "who came too late was not told so: {error}"),
        }
    }
    must!(kept == 5, "{kept} are kept where 5 may be");
    let all = store.list(None, 100).await?;
    must!(all.len() == 5, "{} are listed where 5 may be", all.len());
    Ok(())
}

pub(super) async fn who_is_there_is_a_conflict_even_where_it_is_full(store: Store) -> Outcome {
    store.insert_within(&tenant("only", "only")?, 1).await?;
    for same in [tenant("only", "other")?, tenant("other", "only")?] {
        let refused = store.insert_within(&same, 1).await;
        must!(refused.is_err_and(|error| error.is_conflict()), "it is taken, rather than full");
    }
    let refused = store.insert_within(&tenant("next", "next")?, 1).await;
    must!(refused.is_err_and(|error| error.is_full()), "there are as many as there may be");
    must!(by_slug(&store, "next").await?.is_none(), "a refused tenant is found");
    Ok(())
}
