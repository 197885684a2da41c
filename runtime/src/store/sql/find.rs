//! The tenants that are wanted.

use std::collections::BTreeSet;

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _, Func},
};
use tenancy_core::{Tenant, TenantId};

use super::{
    super::{PAGE, TenantFilter},
    row::{self, Column, Entity},
};
use crate::{Result, pool::Connection};

/// How many ids are asked for at a time.
const IDS: usize = 500;

/// All of it but the facts, which are in a text; none if there cannot be such a tenant.
fn condition(wanted: &TenantFilter) -> Option<Condition> {
    let mut all = Condition::all();
    if !wanted.statuses().is_empty() {
        all = all.add(Column::Status.is_in(wanted.statuses().iter().map(|status| status.as_str())));
    }
    match wanted.wanted_tier() {
        None => {}
        Some(None) => all = all.add(Column::Tier.is_null()),
        Some(Some(tier)) => {
            // On MySQL texts are equal that differ in spaces at their ends.
            let length = Func::char_length(Expr::col(Column::Tier));
            let letters = i64::try_from(tier.chars().count()).unwrap_or(i64::MAX);
            all = all.add(Column::Tier.eq(tier)).add(Expr::expr(length).eq(letters));
        }
    }
    if let Some(prefix) = wanted.wanted_prefix() {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !prefix.bytes().all(allowed) {
            return None;
        }
        // Slugs compare byte by byte, and none has a tilde, which is behind all their letters.
        all = all.add(Column::Slug.gte(prefix)).add(Column::Slug.lt(format!("{prefix}~")));
    }
    Some(all)
}

pub(super) async fn page(
    conn: &Connection,
    wanted: &TenantFilter,
    after: Option<&TenantId>,
    limit: u32,
) -> Result<Vec<Tenant>> {
    let Some(condition) = condition(wanted) else { return Ok(Vec::new()) };
    let size = if wanted.asks_for_metadata() && limit < PAGE { PAGE } else { limit };
    let mut found: Vec<Tenant> = Vec::new();
    let mut after = after.cloned();
    while found.len() < limit as usize {
        let mut page = Entity::find().filter(condition.clone()).order_by_asc(Column::Id);
        if let Some(after) = &after {
            page = page.filter(Column::Id.gt(after.as_str()));
        }
        let rows = page.limit(u64::from(size)).all(conn).await?;
        let full = rows.len() >= size as usize;
        for row in rows {
            let tenant = row::tenant(row)?;
            after = Some(tenant.id.clone());
            if wanted.matches(&tenant) {
                found.push(tenant);
            }
        }
        if !full {
            break;
        }
    }
    found.truncate(limit as usize);
    Ok(found)
}

pub(super) async fn count(conn: &Connection, wanted: &TenantFilter) -> Result<u64> {
    let Some(condition) = condition(wanted) else { return Ok(0) };
    if !wanted.asks_for_metadata() {
        return Ok(Entity::find().filter(condition).count(conn).await?);
    }
    let (mut count, mut after) = (0, None);
    loop {
        let page = page(conn, wanted, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(count) };
        count += page.len() as u64;
        after = Some(last.id.clone());
    }
}

pub(super) async fn by_ids(conn: &Connection, ids: &[TenantId]) -> Result<Vec<Tenant>> {
    let ids: Vec<&TenantId> = ids.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = Vec::new();
    for ids in ids.chunks(IDS) {
        let some = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.as_str())));
        for row in some.order_by_asc(Column::Id).all(conn).await? {
            found.push(row::tenant(row)?);
        }
    }
    Ok(found)
}
