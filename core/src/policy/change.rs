//! Records of changes, as part of a script.

use super::Script;
use crate::{
    catalog::{Catalog, Entity},
    change::{Audited, TABLE},
};

pub(super) fn up(script: &mut Script, catalog: &Catalog) {
    for entity in catalog.iter().filter(|entity| catalog.is_audited(entity)) {
        table_up(script, entity);
    }
}

pub(super) fn down(script: &mut Script, catalog: &Catalog) {
    for entity in catalog.iter().filter(|entity| catalog.is_audited(entity)) {
        table_down(script, entity);
    }
}

pub(super) fn table_up(script: &mut Script, entity: &Entity) {
    let Some(audited) = Audited::on_postgres(entity) else { return };
    script.push(format!("{}: each change leaves a record in {TABLE}.", entity.table), audited.up());
}

pub(super) fn table_down(script: &mut Script, entity: &Entity) {
    let Some(audited) = Audited::on_postgres(entity) else { return };
    script.push(format!("{}: changes leave no record.", entity.table), audited.down());
}
