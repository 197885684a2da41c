//! Keys of programs, where the store keeps them.

use super::{Broken, Outcome, Store, id_of, must, then};
use crate::ApiKeyRecord;

fn key(id: &str, tenant: &str) -> Result<ApiKeyRecord, Broken> {
    let mut hash = [7; 32];
    hash[0] = u8::try_from(id.len()).unwrap_or_default();
    Ok(ApiKeyRecord::new(id, id_of(tenant)?, "büro ✨ '; --", hash, then()))
}

pub(super) async fn keys_come_back(store: Store) -> Outcome {
    let Some(keys) = store.api_keys() else { return Ok(()) };
    let second = chrono::Duration::seconds(1);
    let mut first = key("00000000000000000001", "acme")?;
    first.expires_at = Some(then() + second);
    let mut other = key("00000000000000000000", "acme")?;
    other.created_at += second;
    let theirs = key("00000000000000000002", "globex")?;
    for key in [&other, &first, &theirs] {
        keys.insert(key).await?;
    }
    let taken = keys.insert(&first).await;
    must!(taken.is_err_and(|error| error.is_conflict()), "an id that is taken is a conflict");
    must!(keys.by_id(&first.id).await?.as_ref() == Some(&first), "what came back is another key");
    must!(keys.by_id("nobody").await?.is_none(), "somebody has an id that nobody has");
    let own = keys.of_tenant(&first.tenant).await?;
    must!(
        own == [first.clone(), other.clone()],
        "a tenant's keys are not in the order of their making"
    );

    keys.used(&first.id, then() + second).await?;
    keys.used(&first.id, then()).await?;
    keys.used("nobody", then()).await?;
    let used = keys.by_id(&first.id).await?.and_then(|key| key.last_used_at);
    must!(used == Some(then() + second), "the later of two uses is not the last");
    keys.forget(&first.tenant).await?;
    must!(keys.of_tenant(&first.tenant).await?.is_empty(), "keys are left of who has gone");
    must!(keys.by_id(&theirs.id).await? == Some(theirs), "a neighbour's key has gone as well");
    Ok(())
}

pub(super) async fn a_key_is_revoked_by_its_owner(store: Store) -> Outcome {
    let Some(keys) = store.api_keys() else { return Ok(()) };
    let (first, theirs) =
        (key("00000000000000000001", "acme")?, key("00000000000000000002", "globex")?);
    for key in [&first, &theirs] {
        keys.insert(key).await?;
    }
    let later = then() + chrono::Duration::seconds(1);
    must!(!keys.revoke(&first.id, &theirs.tenant, later).await?, "who is not its owner revoked it");
    must!(
        !keys.revoke("nobody", &first.tenant, later).await?,
        "a key that is not there was revoked"
    );
    must!(keys.by_id(&first.id).await?.is_some_and(|key| key.is_live(later)), "it opens no more");
    must!(keys.revoke(&first.id, &first.tenant, then()).await?, "its owner could not revoke it");
    must!(keys.revoke(&first.id, &first.tenant, later).await?, "it is there, and was not found");
    let revoked = keys.by_id(&first.id).await?.and_then(|key| key.revoked_at);
    must!(revoked == Some(then()), "when it was revoked is another moment");
    must!(keys.by_id(&theirs.id).await? == Some(theirs), "a neighbour's key was revoked as well");
    Ok(())
}
