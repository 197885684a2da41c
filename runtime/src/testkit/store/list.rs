//! Several tenants at once.

use tenancy_core::{Status, Tenant, TenantId};

use super::{Broken, Outcome, Store, id_of, later, must, new, tenant, then};
use crate::{TenantFilter, UnscopedAccess};

pub(super) async fn pages_follow_the_ids(store: Store) -> Outcome {
    // Orders of a language would put these elsewhere.
    let ids = ["p-10", "pa", "p-2", "p_1", "p1", "p-1", "0", "z"];
    for (number, name) in ids.into_iter().enumerate() {
        store.insert(&tenant(name, &format!("page-{number}"))?).await?;
    }
    let mut seen: Vec<TenantId> = Vec::new();
    loop {
        let page = store.list(seen.last(), 3).await?;
        must!(page.len() <= 3, "a page has {} tenants where 3 were asked for", page.len());
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|tenant| tenant.id));
        must!(seen.len() <= ids.len(), "the pages do not end");
    }
    let seen: Vec<&str> = seen.iter().map(TenantId::as_str).collect();
    let expected = ["0", "p-1", "p-10", "p-2", "p1", "p_1", "pa", "z"];
    must!(seen == expected, "pages are not in the order of the bytes of ids: {seen:?}");
    must!(store.list(None, 0).await?.is_empty(), "a page of none has some");
    Ok(())
}

pub(super) async fn those_who_stay_are_in_one_page_each(store: Store) -> Outcome {
    for number in 0..10 {
        let name = format!("stay-{number}");
        store.insert(&tenant(&name, &name)?).await?;
    }
    let mut seen = Vec::new();
    let mut after: Option<TenantId> = None;
    for round in 0..6 {
        let page = store.list(after.as_ref(), 2).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        // Each page is renamed once it was read, and somebody comes in before and after it.
        for (number, read) in page.iter().enumerate() {
            let slug = super::slug_of(&format!("again-{round}-{number}"))?;
            let renamed = later(read, |tenant| tenant.slug = slug);
            must!(store.update(&renamed, read.updated_at).await?, "it was not renamed");
        }
        for name in [format!("a-{round}"), format!("z-{round}")] {
            store.insert(&tenant(&name, &name)?).await?;
        }
        seen.extend(page.into_iter().map(|tenant| tenant.id.to_string()));
    }
    let stayed: Vec<&String> = seen.iter().filter(|id| id.starts_with("stay-")).collect();
    let expected: Vec<String> = (0..10).map(|number| format!("stay-{number}")).collect();
    must!(stayed.iter().copied().eq(&expected), "those who stayed were seen as {stayed:?}");
    Ok(())
}

/// Five tenants that differ.
async fn crowd(store: &Store) -> Result<(), Broken> {
    let all = [
        new("f-1", "acme-north")?.tier("gold").metadata("region", "eu").metadata("seats", 5),
        new("f-2", "acme-south")?.tier("gold").metadata("region", "us").status(Status::Suspended),
        new("f-3", "acme")?.tier("silver").metadata("region", "eu"),
        new("f-4", "acmes")?,
        new("f-5", "globex")?.tier("gold ").status(Status::Deleted),
    ];
    for new in all {
        store.insert(&Tenant::create(new, then())).await?;
    }
    Ok(())
}

pub(super) async fn filters_find_who_is_meant(store: Store) -> Outcome {
    crowd(&store).await?;
    let all = TenantFilter::new();
    let table: [(TenantFilter, &[&str]); 12] = [
        (all.clone(), &["f-1", "f-2", "f-3", "f-4", "f-5"]),
        (all.clone().status(Status::Active), &["f-1", "f-3", "f-4"]),
        (all.clone().status(Status::Suspended).status(Status::Deleted), &["f-2", "f-5"]),
        (all.clone().status(Status::Provisioning), &[]),
        (all.clone().tier("gold"), &["f-1", "f-2"]),
        (all.clone().without_tier(), &["f-4"]),
        (all.clone().slug_prefix("acme"), &["f-1", "f-2", "f-3", "f-4"]),
        (all.clone().slug_prefix("acme-"), &["f-1", "f-2"]),
        (all.clone().metadata("region", "eu"), &["f-1", "f-3"]),
        (all.clone().metadata("region", "eu").metadata("seats", 5), &["f-1"]),
        (all.clone().metadata("seats", "5"), &[]),
        (
            all.status(Status::Active).tier("gold").slug_prefix("a").metadata("region", "eu"),
            &["f-1"],
        ),
    ];
    for (wanted, expected) in table {
        let mut seen: Vec<TenantId> = Vec::new();
        loop {
            let page = store.find(&wanted, seen.last(), 2).await?;
            must!(page.len() <= 2, "a page has {} tenants where 2 were asked for", page.len());
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|tenant| tenant.id));
        }
        let seen: Vec<&str> = seen.iter().map(TenantId::as_str).collect();
        must!(seen == expected, "{wanted:?} finds {seen:?} and not {expected:?}");
        let count = store.count(&wanted).await?;
        must!(count == expected.len() as u64, "{wanted:?} counts {count}");
        must!(store.find(&wanted, None, 0).await?.is_empty(), "a page of none has some");
    }
    Ok(())
}

pub(super) async fn a_filter_goes_letter_by_letter(store: Store) -> Outcome {
    crowd(&store).await?;
    for tier in ["Gold", "GOLD", "gol", "g%", "____", "göld"] {
        let wanted = TenantFilter::new().tier(tier);
        let (found, count) = (store.find(&wanted, None, 10).await?, store.count(&wanted).await?);
        must!(found.is_empty() && count == 0, "the tier `{tier}` finds {count}");
    }
    let wanted = TenantFilter::new().tier("gold ");
    let (found, count) = (store.find(&wanted, None, 10).await?.len(), store.count(&wanted).await?);
    must!(
        found == 1 && count == 1,
        "a tier with a space at its end finds {found}, and counts {count}"
    );
    for prefix in ["ACME", "a%", "_", "acme\u{0}", "açme", "acme'", "~", "acme-north-and-more"] {
        let wanted = TenantFilter::new().slug_prefix(prefix);
        let (found, count) = (store.find(&wanted, None, 10).await?, store.count(&wanted).await?);
        must!(found.is_empty() && count == 0, "the prefix {prefix:?} finds {count}");
    }
    Ok(())
}

pub(super) async fn many_are_read_at_once(store: Store) -> Outcome {
    crowd(&store).await?;
    let mut ids = Vec::new();
    for id in ["f-3", "nobody", "f-1", "f-3", "f-5"] {
        ids.push(id_of(id)?);
    }
    let found = store.by_ids(&ids).await?;
    let found: Vec<&str> = found.iter().map(|tenant| tenant.id.as_str()).collect();
    must!(found == ["f-1", "f-3", "f-5"], "those with these ids are {found:?}");
    must!(store.by_ids(&[]).await?.is_empty(), "those with no ids are some");
    Ok(())
}

pub(super) async fn accesses_come_back(store: Store) -> Outcome {
    let trail = store.audit_trail();
    trail.prepare().await?;
    must!(trail.latest(10).await?.is_empty(), "somebody was there before anybody came");
    let place = std::panic::Location::caller();
    let mut accesses = Vec::new();
    for (number, role) in [None, Some("büro@%"), None].into_iter().enumerate() {
        let reason = format!("no. {number}: 'quoted'; -- 株式会社 🏦");
        let access = UnscopedAccess::new(reason, place).with_role(role.map(str::to_owned));
        trail.record(&access).await?;
        accesses.insert(0, access);
    }
    let latest = trail.latest(10).await?;
    must!(latest == accesses, "what was recorded came back as {latest:?}");
    must!(trail.latest(2).await? == accesses[..2], "the latest two are others");
    must!(trail.latest(0).await?.is_empty(), "the latest none are some");
    Ok(())
}
