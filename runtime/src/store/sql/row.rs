//! One row of `tenancy_tenants`, and the tenant it stands for.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use tenancy_core::{InvalidValue, Location, Secret, Tenant, TenantId};

use crate::{Error, Result};

pub(super) use self::entity::{ActiveModel, Column, Entity, Model};

// A plain SeaORM entity: it is not registered, so it is in no tenant's catalog.
#[allow(unreachable_pub, missing_docs, missing_debug_implementations)]
mod entity {
    use std::fmt;

    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenancy_tenants")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub slug: String,
        pub name: String,
        pub status: String,
        pub tier: Option<String>,
        pub isolation: Option<String>,
        pub placed_as: Option<String>,
        pub placed_in: Option<String>,
        pub metadata: String,
        pub database_url: Option<String>,
        pub created_at: String,
        pub updated_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    // SeaORM wants it; the row may hold a password.
    impl fmt::Debug for Model {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Model").field("id", &self.id).finish_non_exhaustive()
        }
    }
}

/// A moment as the table holds it: always 27 characters, so equal moments are equal texts.
pub(crate) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A moment of another table, back from the text.
pub(super) fn moment(table: &str, column: &str, text: &str) -> Result<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text);
    moment
        .map(|moment| moment.to_utc())
        .map_err(|error| unreadable(&format!("a `{column}` of `{table}` is unreadable: {error}")))
}

/// What is written for a tenant.
pub(super) fn active(tenant: &Tenant) -> ActiveModel {
    ActiveModel {
        id: Set(tenant.id.to_string()),
        slug: Set(tenant.slug.to_string()),
        name: Set(tenant.name.clone()),
        status: Set(tenant.status.to_string()),
        tier: Set(tenant.tier.clone()),
        isolation: Set(tenant.isolation.map(|kind| kind.to_string())),
        placed_as: Set(tenant.location.as_ref().map(|place| place.isolation().to_string())),
        placed_in: Set(tenant.location.as_ref().and_then(|place| place.name()).map(str::to_owned)),
        metadata: Set(Json::Object(tenant.metadata.clone()).to_string()),
        database_url: Set(tenant.database_url.as_ref().map(|url| url.expose().to_owned())),
        created_at: Set(text(tenant.created_at)),
        updated_at: Set(text(tenant.updated_at)),
    }
}

fn unreadable(why: &str) -> Error {
    DbErr::Type(format!("{why}; mend the row by hand")).into()
}

/// Reads a tenant back. What cannot be read is an error that names the tenant, never a default.
pub(super) fn tenant(row: Model) -> Result<Tenant> {
    let id = TenantId::new(&row.id).map_err(|error| {
        unreadable(&format!("a row of `tenancy_tenants` has no usable id: {error}"))
    })?;
    let corrupt = |what: &str, why: &dyn fmt::Display| {
        unreadable(&format!(
            "the {what} of the tenant `{id}` in `tenancy_tenants` is unreadable: {why}"
        ))
    };
    let moment = |what: &str, text: &str| {
        let moment = DateTime::parse_from_rfc3339(text);
        moment.map(|moment| moment.to_utc()).map_err(|error| corrupt(what, &error))
    };
    let invalid = |what: &'static str| move |error: InvalidValue| corrupt(what, &error);
    let metadata = serde_json::from_str(&row.metadata).map_err(|error| {
        // The parser's own words can repeat the text, which is the customer's.
        let place = format!("line {} column {}: not a JSON object", error.line(), error.column());
        corrupt("metadata", &place)
    })?;
    let mut tenant = Tenant::create(
        tenancy_core::NewTenant::new(&row.slug).map_err(invalid("slug"))?,
        moment("created_at", &row.created_at)?,
    );
    tenant.id = id.clone();
    tenant.name = row.name;
    tenant.status = row.status.parse().map_err(invalid("status"))?;
    tenant.tier = row.tier;
    tenant.isolation =
        row.isolation.map(|kind| kind.parse()).transpose().map_err(invalid("isolation"))?;
    let kind = row.placed_as.map(|kind| kind.parse()).transpose().map_err(invalid("location"))?;
    tenant.location = kind
        .map(|kind| Location::read(kind, row.placed_in.as_deref()))
        .transpose()
        .map_err(invalid("location"))?;
    tenant.metadata = metadata;
    tenant.database_url = row.database_url.map(Secret::new);
    tenant.updated_at = moment("updated_at", &row.updated_at)?;
    Ok(tenant)
}
