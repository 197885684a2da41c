//! Domains of tenants' own, where the store keeps them.

use std::sync::Arc;

use tenancy_core::Domain;

use super::{Broken, Outcome, Store, id_of, must, then, together};
use crate::DomainClaim;

fn claim(tenant: &str, token: &str) -> Result<DomainClaim, Broken> {
    let domain = Domain::new("shop.acme.com").map_err(|error| Broken(error.to_string()))?;
    Ok(DomainClaim::new(domain, id_of(tenant)?, token, then()))
}

pub(super) async fn a_domain_is_held_by_who_showed_it(store: Store) -> Outcome {
    let Some(domains) = store.domains() else { return Ok(()) };
    let (early, acme, globex) =
        (claim("acme", "t0")?, claim("acme", "t1")?, claim("globex", "t2")?);
    let (domain, now) = (acme.domain.clone(), then() + chrono::Duration::seconds(1));
    for claim in [&early, &acme, &globex] {
        domains.claim(claim).await?;
    }
    must!(domains.holder(&domain).await?.is_none(), "who claims it holds it");
    must!(domains.of_tenant(&acme.tenant).await? == [acme.clone()], "the later claim counts");
    must!(!domains.verify(&early, now, then()).await?, "a token that was replaced was shown");
    must!(domains.verify(&acme, now, then()).await?, "the token was shown");
    must!(domains.verify(&acme, now, then()).await?, "it may be shown again");
    let held = domains.holder(&domain).await?;
    must!(held.as_ref().is_some_and(DomainClaim::is_served), "who showed it is not served");
    must!(
        held.is_some_and(|held| held.verified_at == Some(now)),
        "when it was shown is another moment"
    );
    let again = domains.claim(&acme).await;
    must!(again.is_err_and(|error| error.is_conflict()), "what is served was claimed again");
    let taken = domains.verify(&globex, now, then()).await;
    must!(taken.is_err_and(|error| error.is_conflict()), "a domain was taken from its holder");
    Ok(())
}

pub(super) async fn a_removed_domain_rests(store: Store) -> Outcome {
    let Some(domains) = store.domains() else { return Ok(()) };
    let (acme, globex) = (claim("acme", "t1")?, claim("globex", "t2")?);
    let (domain, now) = (acme.domain.clone(), then() + chrono::Duration::seconds(1));
    for claim in [&acme, &globex] {
        domains.claim(claim).await?;
    }
    must!(domains.verify(&acme, now, then()).await?, "the token was shown");
    must!(domains.remove(&domain, &acme.tenant, now).await?, "it was not removed");
    must!(!domains.remove(&domain, &acme.tenant, now).await?, "it was removed twice");
    let held = domains.holder(&domain).await?;
    must!(held.is_some_and(|held| held.removed_at == Some(now)), "nothing is left of who held it");
    let taken = domains.verify(&globex, now, now).await;
    must!(taken.is_err_and(|error| error.is_conflict()), "it was not let rest");
    let second = chrono::Duration::seconds(1);
    must!(domains.verify(&globex, now + second, now + second).await?, "it rests for ever");
    let holder = domains.holder(&domain).await?.map(|claim| claim.tenant);
    must!(holder == Some(globex.tenant.clone()), "somebody else holds it");
    must!(!domains.verify(&acme, now, now).await.unwrap_or(false), "who gave way shows it again");
    let other = claim("initech", "t3")?;
    domains.claim(&other).await?;
    must!(domains.remove(&domain, &other.tenant, now).await?, "what was never shown is removed");
    must!(
        domains.of_tenant(&other.tenant).await?.is_empty(),
        "what was never shown is still there"
    );
    Ok(())
}

pub(super) async fn one_of_many_holds_the_domain(store: Store) -> Outcome {
    let Some(domains) = store.domains() else { return Ok(()) };
    let domain = claim("t0", "t")?.domain;
    for number in 0..6 {
        domains.claim(&claim(&format!("t{number}"), "t")?).await?;
    }
    let done = together(6, |number| {
        let domains = Arc::clone(&domains);
        async move {
            let claim = claim(&format!("t{number}"), "t")?;
            Ok::<_, Broken>((claim.tenant.clone(), domains.verify(&claim, then(), then()).await))
        }
    });
    let mut winners = Vec::new();
    for outcome in done.await? {
        match outcome? {
            (tenant, Ok(true)) => winners.push(tenant),
            (_, Ok(false)) => return Err(Broken("a claim that is there was not found".to_owned())),
            (_, Err(error)) => must!(error.is_conflict(), "who lost was not told so: {error}"),
        }
    }
    let holder = domains.holder(&domain).await?.map(|claim| claim.tenant);
    must!(winners.len() == 1 && holder == winners.pop(), "more than one was told to hold it");
    Ok(())
}
