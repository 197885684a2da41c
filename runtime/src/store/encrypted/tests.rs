//! What is sealed opens for its tenant and field alone, and never prints.

use serde_json::json;
use tenancy_core::NewTenant;

use super::*;
use crate::{MemoryStore, testkit};

fn key(id: &str) -> EncryptionKey {
    let mut bytes = [7; 32];
    bytes[..id.len()].copy_from_slice(id.as_bytes());
    EncryptionKey::new(id, bytes).unwrap()
}

fn tenant(id: &str) -> Tenant {
    let new = NewTenant::new(id).unwrap().id(id).unwrap();
    let new = new
        .database_url(format!("postgres://app:hunter2@db/{id}"))
        .metadata("token", json!({"secret": ["hunter2", id]}))
        .metadata("other", "hunter2")
        .metadata("seats", 5);
    Tenant::create(new, moment(Utc::now()))
}

fn encryption() -> Encryption {
    Encryption::new(key("k1")).metadata("token").metadata("other").metadata("absent")
}

fn over(inner: &MemoryStore, encryption: Encryption) -> EncryptedStore {
    EncryptedStore::new(Arc::new(inner.clone()), encryption)
}

fn id(text: &str) -> TenantId {
    TenantId::new(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_store_keeps_the_contract() {
    let encryption = encryption().metadata("region").metadata("nested").metadata("seats");
    let make = async || over(&MemoryStore::new(), encryption.clone());
    testkit::store::check(make).await.assert();
}

#[tokio::test]
async fn what_is_secret_is_sealed_in_the_store_and_open_outside() {
    let inner = MemoryStore::new();
    let store = over(&inner, encryption());
    let acme = tenant("acme");
    store.insert(&acme).await.unwrap();
    assert_eq!(store.by_id(&acme.id).await.unwrap(), Some(acme.clone()));
    let kept = inner.by_id(&acme.id).await.unwrap().unwrap();
    let text = format!("{} {}", kept.database_url.as_ref().unwrap().expose(), json!(kept.metadata));
    assert!(
        !text.contains("hunter2") && !text.contains("postgres") && text.contains("\"seats\":5")
    );
    assert!(kept.database_url.unwrap().expose().starts_with("sealed:v1:k1:"));
    // The same secret twice does not look the same.
    let again = encryption();
    let [one, other] = [(); 2].map(|()| again.seal(&acme.id, URL, "hunter2").unwrap());
    assert_ne!(one, other);
}

/// EDGE 52 and issue's own words: the wrong tenant and a text that was cut are errors of their kind.
#[test]
fn what_was_moved_cut_or_changed_is_not_opened() {
    let encryption = encryption();
    let (acme, globex) = (id("acme"), id("globex"));
    let sealed = encryption.seal(&acme, URL, "hunter2").unwrap();
    assert_eq!(encryption.open(&acme, URL, &sealed).unwrap(), ("hunter2".to_owned(), true));
    let refused = |tenant: &TenantId, field: &str, text: &str| {
        let error = encryption.open(tenant, field, text).unwrap_err();
        assert!(error.is_undecipherable(), "{error}");
        let said = format!("{error} {error:?}");
        assert!(!said.contains("hunter2") && !said.contains("sealed:v1"), "{said}");
    };
    refused(&globex, URL, &sealed);
    refused(&acme, "metadata.token", &sealed);
    refused(&acme, "database_ur", &sealed);
    for end in 0..sealed.len() {
        refused(&acme, URL, &sealed[..end]);
    }
    for at in "sealed:v1:k1:".len()..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        if changed != sealed {
            refused(&acme, URL, &changed);
        }
    }
    for strange in
        ["", "hunter2", "sealed:", "sealed:v2:k1:AAAA", "sealed:v1:k2:AAAA", "sealed:v1:k1:="]
    {
        refused(&acme, URL, strange);
    }
    // A key of the same name that is another.
    let mut bytes = [9; 32];
    bytes[0] = 1;
    let stranger = Encryption::new(EncryptionKey::new("k1", bytes).unwrap());
    assert!(stranger.open(&acme, URL, &sealed).is_err_and(|error| error.is_undecipherable()));
}

#[tokio::test]
async fn keys_are_replaced_while_tenants_are_read() {
    let inner = MemoryStore::new();
    // Before there was encryption.
    for name in ["acme", "globex"] {
        inner.insert(&tenant(name)).await.unwrap();
    }
    let strict = over(&inner, encryption());
    assert!(strict.by_id(&id("acme")).await.is_err_and(|error| error.is_undecipherable()));
    let lenient = over(&inner, encryption().accept_plain());
    let kept = lenient.by_id(&id("acme")).await.unwrap().unwrap();
    assert_eq!(kept.database_url, tenant("acme").database_url);
    assert_eq!(kept.metadata, tenant("acme").metadata);
    assert_eq!(lenient.reencrypt().await.unwrap(), 2);
    assert_eq!(lenient.reencrypt().await.unwrap(), 0);
    assert!(strict.by_id(&id("acme")).await.unwrap().is_some());

    // The new key is known first, seals then, and is alone at last.
    let fields = |encryption: Encryption| encryption.metadata("token").metadata("other");
    let known = over(&inner, fields(Encryption::new(key("k1")).also(key("k2"))));
    let sealing = over(&inner, fields(Encryption::new(key("k2")).also(key("k1"))));
    let alone = over(&inner, fields(Encryption::new(key("k2"))));
    assert!(alone.by_id(&id("acme")).await.is_err_and(|error| error.to_string().contains("`k1`")));
    assert_eq!(sealing.reencrypt().await.unwrap(), 2);
    for store in [&known, &sealing, &alone] {
        let acme = store.by_id(&id("acme")).await.unwrap().unwrap();
        assert_eq!(acme.metadata, tenant("acme").metadata);
        assert_eq!(acme.database_url, tenant("acme").database_url);
    }
    assert!(strict.by_id(&id("acme")).await.is_err());
    let twice = over(&inner, Encryption::new(key("k1")).also(key("k1")));
    assert!(twice.prepare().await.is_err_and(|error| error.is_config()));
}

#[test]
fn keys_are_random_and_never_print() {
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let key = EncryptionKey::from_hex("k", format!(" {}\n", hex.to_uppercase())).unwrap();
    let printed = format!("{key:?} {:?}", Encryption::new(key.clone()));
    assert!(!printed.contains("0, 1, 2") && !printed.contains("0001"), "{printed}");
    for wrong in
        ["", "00", &hex[1..], "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"]
    {
        let error = EncryptionKey::from_hex("k", wrong).unwrap_err();
        assert!(error.is_config() && (wrong.len() < 9 || !error.to_string().contains(&wrong[..8])));
    }
    assert!(EncryptionKey::from_hex("k", "00".repeat(32)).is_err());
    for name in ["", "a:b", "a b", "ü", &"a".repeat(33)] {
        assert!(EncryptionKey::from_hex(name, hex).is_err_and(|error| error.is_config()), "{name}");
    }
}
