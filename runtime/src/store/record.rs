//! A tenant as text, for stores that keep one whole.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenancy_core::{InvalidValue, IsolationKind, Location, Secret, Slug, Status, Tenant, TenantId};

/// What is written. It has what is secret in it: it is for stores, and never for a log.
#[derive(Serialize, Deserialize)]
struct Record {
    id: TenantId,
    slug: Slug,
    name: String,
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    isolation: Option<IsolationKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    placed_as: Option<IsolationKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    placed_in: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database_url: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A moment as it is written: always 27 characters, which sort as the moments follow each other.
pub(super) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The moment again; none if that is not one.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// A tenant as one text. Moments are cut off at the microsecond.
pub(super) fn write(tenant: &Tenant) -> String {
    let location = tenant.location.as_ref();
    let record = Record {
        id: tenant.id.clone(),
        slug: tenant.slug.clone(),
        name: tenant.name.clone(),
        status: tenant.status,
        tier: tenant.tier.clone(),
        isolation: tenant.isolation,
        placed_as: location.map(Location::isolation),
        placed_in: location.and_then(Location::name).map(str::to_owned),
        metadata: tenant.metadata.clone(),
        database_url: tenant.database_url.as_ref().map(|url| url.expose().to_owned()),
        created_at: super::moment(tenant.created_at),
        updated_at: super::moment(tenant.updated_at),
    };
    serde_json::to_string(&record).unwrap_or_default()
}

/// The tenant again. What is wrong is said without the text, which is the customer's.
pub(super) fn read(text: &str) -> Result<Tenant, String> {
    let record: Record = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("it is unreadable at line {line} column {column}")
    })?;
    let invalid = |error: InvalidValue| error.to_string();
    let new = tenancy_core::NewTenant::new(record.slug).map_err(invalid)?;
    let mut tenant = Tenant::create(new, record.created_at);
    tenant.id = record.id;
    tenant.name = record.name;
    tenant.status = record.status;
    tenant.tier = record.tier;
    tenant.isolation = record.isolation;
    let place = record.placed_as.map(|kind| Location::read(kind, record.placed_in.as_deref()));
    tenant.location = place.transpose().map_err(invalid)?;
    tenant.metadata = record.metadata;
    tenant.database_url = record.database_url.map(Secret::new);
    tenant.updated_at = record.updated_at;
    Ok(tenant)
}
