//! Claims: of the types they must have, and the ones that name the tenant.

use serde_json::Value;
use tenancy_core::{Slug, TenantId};

use super::{Unresolved, json::Strict};
use crate::resolve::TenantRef;

/// Where in a token the tenant is named.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) path: Vec<String>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Slug,
    Id,
}

impl Claim {
    /// The tenant that is named there.
    pub(super) fn find(&self, claims: &Strict) -> Result<TenantRef, Unresolved> {
        let mut value = Some(&claims.0);
        for name in &self.path {
            value = value.and_then(Value::as_object).and_then(|object| object.get(name));
        }
        let value = value.ok_or(Unresolved::Untrusted("it has no claim that names a tenant"))?;
        let named = match (self.kind, value) {
            (Kind::Slug, Value::String(text)) => Slug::new(text).ok().map(TenantRef::Slug),
            (Kind::Id, Value::String(text)) => TenantId::new(text).ok().map(TenantRef::Id),
            (Kind::Id, Value::Number(number)) => {
                number.as_i64().map(|integer| TenantRef::Id(integer.into()))
            }
            _ => None,
        };
        named.ok_or(Unresolved::Untrusted("the claim that names a tenant cannot be one"))
    }
}

/// Refuses claims of a type [RFC 7519], section 4.1, does not give them. What must be there, and
/// when a token holds, was looked at before.
///
/// [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519
pub(super) fn check_types(claims: &Strict) -> Result<(), Unresolved> {
    let all_text = |values: &[Value]| values.iter().all(Value::is_string);
    let wrong = ["iss", "sub", "jti", "exp", "nbf", "iat", "aud"].into_iter().any(|name| {
        let Some(value) = claims.0.get(name) else { return false };
        match (name, value) {
            ("iss" | "sub" | "jti" | "aud", Value::String(_)) => false,
            ("exp" | "nbf" | "iat", Value::Number(_)) => false,
            ("aud", Value::Array(values)) => !all_text(values),
            _ => true,
        }
    });
    if wrong { Err(Unresolved::Untrusted("a claim is of the wrong type")) } else { Ok(()) }
}
