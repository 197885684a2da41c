//! Tenants as a directory: those that are wanted, and what is kept about them.

use std::sync::Arc;

use serde_json::{Map, Value};
use tenancy_core::{Tenant, TenantId};

use super::{Step, Tenancy};
use crate::{Result, TenantFilter};

impl Tenancy {
    /// At most `limit` of the tenants that are wanted, in the order of their ids, from the one that
    /// follows `after`: one page after the other, each from the last of the page before.
    ///
    /// They are read from the store. A tenant that is there all the time is in exactly one page,
    /// whatever else is created or changed meanwhile.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    pub async fn tenants_where(
        &self,
        wanted: &TenantFilter,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Arc<Tenant>>> {
        self.open()?;
        let page = self.inner.store.find(wanted, after, limit).await?;
        Ok(page.into_iter().map(Arc::new).collect())
    }

    /// How many tenants there are of those that are wanted.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    pub async fn count_tenants(&self, wanted: &TenantFilter) -> Result<u64> {
        self.open()?;
        self.inner.store.count(wanted).await
    }

    /// Those of these tenants that are there, in the order of their ids, read from the store at once.
    ///
    /// # Errors
    ///
    /// An error if the store cannot be read.
    pub async fn tenants_by_id(&self, ids: &[TenantId]) -> Result<Vec<Arc<Tenant>>> {
        self.open()?;
        let found = self.inner.store.by_ids(ids).await?;
        Ok(found.into_iter().map(Arc::new).collect())
    }

    /// Encrypts with the first key what is encrypted with another, or not at all, of all tenants; how
    /// many that was. If it is cut off, a second call goes on.
    ///
    /// # Errors
    ///
    /// [Undecipherable](crate::Error::is_undecipherable) if something cannot be decrypted with any of the
    /// keys, or is not encrypted and that is not accepted; one of [configuration](crate::Error::is_config)
    /// if there is no [encryption](crate::Builder::encryption); an error if the store cannot be read or written.
    #[cfg(feature = "encryption")]
    pub async fn reencrypt(&self) -> Result<u64> {
        self.open()?;
        match &self.inner.encrypted {
            Some(encrypted) => encrypted.reencrypt().await,
            None => Err(crate::Error::config(
                "there is nothing to encrypt with; call `Builder::encryption`",
            )),
        }
    }

    /// Changes what is kept about a tenant: each value of `patch` replaces the one under its key, and
    /// `null` removes it. Objects are merged likewise, as in a JSON Merge Patch ([RFC 7396]).
    ///
    /// It is one step: whatever others merge at the same time is there as well in the end.
    ///
    /// [RFC 7396]: https://www.rfc-editor.org/rfc/rfc7396
    ///
    /// # Errors
    ///
    /// As [`set_status`](Self::set_status).
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use serde_json::json;
    /// use tenancy::{NewTenant, Tenancy};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
    /// let new = NewTenant::new("acme")?.metadata("seats", 5).metadata("trial", true);
    /// let acme = tenancy.create_tenant(new).await?;
    /// let patch = json!({"seats": 8, "trial": null, "contact": {"city": "Bern"}});
    /// let acme = tenancy.merge_metadata(&acme.id, patch.as_object().unwrap()).await?;
    /// assert_eq!(json!(acme.metadata), json!({"seats": 8, "contact": {"city": "Bern"}}));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn merge_metadata(
        &self,
        id: &TenantId,
        patch: &Map<String, Value>,
    ) -> Result<Arc<Tenant>> {
        let found = self.by_id(id).await?;
        let keys: Vec<&str> = patch.keys().map(String::as_str).collect();
        self.step(Step::ChangeMetadata, &found, keys.join(", "), |tenant| {
            merge(&mut tenant.metadata, patch);
            Ok(())
        })
        .await
    }
}

fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.remove(key);
            }
            Value::Object(patch) => {
                let inner = target.entry(key).or_insert(Value::Null);
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                if let Value::Object(inner) = inner {
                    merge(inner, patch);
                }
            }
            value => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The examples of RFC 7396, appendix A, whose target and patch are objects.
    #[test]
    fn a_patch_is_merged_as_the_standard_says() {
        let table = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (mut target, patch, expected) in table {
            merge(target.as_object_mut().unwrap(), patch.as_object().unwrap());
            assert_eq!(target, expected, "{patch}");
        }
    }
}
