//! Domains in the table `tenancy_domains`.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use tenancy_core::{Domain, TenantId};

use self::entity::{ActiveModel, Column, Entity, Model};
use super::{
    super::{DomainClaim, DomainStore, domain::domain_taken},
    SqlStore, is_taken,
    row::{moment, text},
};
use crate::Result;

// A plain SeaORM entity: it is not registered, so it is in no tenant's catalog.
#[allow(unreachable_pub, missing_docs, missing_debug_implementations)]
mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenancy_domains")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub domain: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: String,
        pub token: String,
        pub held: Option<String>,
        pub added_at: String,
        pub verified_at: Option<String>,
        pub removed_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn claim(row: Model) -> Result<DomainClaim> {
    let corrupt = |why: String| {
        DbErr::Type(format!("a row of `tenancy_domains` is unreadable: {why}; mend it by hand"))
    };
    let time = |what: &str, time: &str| moment("tenancy_domains", what, time);
    let domain = Domain::new(&row.domain).map_err(|error| corrupt(error.to_string()))?;
    let tenant = TenantId::new(&row.tenant_id).map_err(|error| corrupt(error.to_string()))?;
    let mut claim = DomainClaim::new(domain, tenant, row.token, time("added_at", &row.added_at)?);
    claim.verified_at = row.verified_at.map(|at| time("verified_at", &at)).transpose()?;
    claim.removed_at = row.removed_at.map(|at| time("removed_at", &at)).transpose()?;
    Ok(claim)
}

/// One claim.
fn of(domain: &Domain, tenant: &TenantId) -> Condition {
    Condition::all()
        .add(Column::Domain.eq(domain.as_str()))
        .add(Column::TenantId.eq(tenant.as_str()))
}

/// What a store has beside its tenants.
#[derive(Debug)]
pub(super) struct Domains(pub(super) SqlStore);

#[async_trait::async_trait]
impl DomainStore for Domains {
    async fn claim(&self, claim: &DomainClaim) -> Result<()> {
        let not_served =
            Condition::any().add(Column::Held.is_null()).add(Column::RemovedAt.is_not_null());
        let again = Entity::update_many()
            .col_expr(Column::Token, Expr::value(claim.token.as_str()))
            .col_expr(Column::AddedAt, Expr::value(text(claim.added_at)))
            .filter(of(&claim.domain, &claim.tenant).add(not_served));
        if again.exec(&self.0.conn).await?.rows_affected > 0 {
            return Ok(());
        }
        let row = ActiveModel {
            domain: Set(claim.domain.to_string()),
            tenant_id: Set(claim.tenant.to_string()),
            token: Set(claim.token.clone()),
            held: Set(None),
            added_at: Set(text(claim.added_at)),
            verified_at: Set(None),
            removed_at: Set(None),
        };
        match Entity::insert(row).exec_without_returning(&self.0.conn).await {
            Ok(_) => Ok(()),
            Err(error) if is_taken(&error) => Err(domain_taken(&claim.domain)),
            Err(error) => Err(error.into()),
        }
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<DomainClaim>> {
        let own = Entity::find().filter(Column::TenantId.eq(tenant.as_str()));
        let rows = own.order_by_asc(Column::Domain).all(&self.0.conn).await?;
        rows.into_iter().map(claim).collect()
    }

    async fn holder(&self, domain: &Domain) -> Result<Option<DomainClaim>> {
        let held = Entity::find().filter(Column::Held.eq(domain.as_str()));
        held.one(&self.0.conn).await?.map(claim).transpose()
    }

    // Two statements, each of which leaves what is right: a removed claim that gave way may go
    // whether or not the other is verified after it.
    async fn verify(
        &self,
        claim: &DomainClaim,
        now: DateTime<Utc>,
        free_before: DateTime<Utc>,
    ) -> Result<bool> {
        let free = Condition::all()
            .add(Column::Held.eq(claim.domain.as_str()))
            .add(Column::TenantId.ne(claim.tenant.as_str()))
            .add(Column::RemovedAt.lt(text(free_before)));
        Entity::delete_many().filter(free).exec(&self.0.conn).await?;
        let held = Entity::update_many()
            .col_expr(Column::Held, Expr::value(claim.domain.as_str()))
            .col_expr(Column::VerifiedAt, Expr::value(text(now)))
            .col_expr(Column::RemovedAt, Expr::value(None::<String>))
            .filter(of(&claim.domain, &claim.tenant).add(Column::Token.eq(claim.token.as_str())));
        match held.exec(&self.0.conn).await {
            Ok(done) if done.rows_affected > 0 => Ok(true),
            // Nothing changes on MySQL if it was verified in this very microsecond.
            Ok(_) => {
                let holder = self.holder(&claim.domain).await?;
                Ok(holder.is_some_and(|it| {
                    it.tenant == claim.tenant && it.token == claim.token && it.is_served()
                }))
            }
            Err(error) if is_taken(&error) => Err(domain_taken(&claim.domain)),
            Err(error) => Err(error.into()),
        }
    }

    async fn remove(&self, domain: &Domain, tenant: &TenantId, now: DateTime<Utc>) -> Result<bool> {
        let served =
            of(domain, tenant).add(Column::Held.is_not_null()).add(Column::RemovedAt.is_null());
        let removed = Entity::update_many()
            .col_expr(Column::RemovedAt, Expr::value(text(now)))
            .filter(served);
        if removed.exec(&self.0.conn).await?.rows_affected > 0 {
            return Ok(true);
        }
        let claimed = Entity::delete_many().filter(of(domain, tenant).add(Column::Held.is_null()));
        Ok(claimed.exec(&self.0.conn).await?.rows_affected > 0)
    }
}
