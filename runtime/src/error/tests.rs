//! What was converted is what comes back.

use super::*;

#[test]
fn a_refusal_survives_the_way_through_db_err() {
    let refusal = Refusal::foreign_value("orders", "tenant_id");
    let db_err = DbErr::from(Error::from(refusal.clone()));
    assert!(db_err.to_string().starts_with(
        "Error converting `statement` into `tenant-scoped statement`: refused the value"
    ));
    assert_eq!(Error::refusal_in(&db_err), Some(&refusal));
    let back = Error::from(db_err);
    assert!(back.is_refused());
    assert_eq!(back.refusal(), Some(&refusal));
}

#[test]
fn other_kinds_survive_it_too() {
    let there_and_back = |error: Error| Error::from(DbErr::from(error));
    assert!(there_and_back(Error::tenant_not_found()).is_tenant_not_found());
    assert!(there_and_back(Error::closed()).is_closed());
    assert!(there_and_back(Error::conflict("the slug `acme`")).is_conflict());
    assert!(there_and_back(Error::full(3)).is_full());
    assert!(there_and_back(Error::config("no database")).is_config());
    assert!(there_and_back(Error::incomplete("for acme")).is_incomplete());
    assert!(there_and_back(Error::busy("acme has all")).is_busy());
    let inactive = there_and_back(Error::tenant_inactive(Status::Suspended));
    assert!(inactive.is_inactive());
    assert_eq!(inactive.status(), Some(Status::Suspended));
    assert_eq!(inactive.to_string(), "the tenant is not served: it is suspended");
    assert!(there_and_back(DbErr::RecordNotUpdated.into()).is_not_found());
}
