//! Plans, made once for all places that have the same heads.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tenancy_core::revision::Target;

use super::{Asked, Conduct};
use crate::{
    Error, Result,
    migrate::{context::Context, danger, heads::Heads, work::Work},
};

/// Plans by the heads they start from, made once for all places that have these.
#[derive(Debug, Default)]
pub(super) struct Plans(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    plans: BTreeMap<Heads, std::result::Result<Arc<Plan>, String>>,
    /// Why one of them must not be done.
    refused: Option<String>,
}

/// The work from some heads, and what of it is to be told.
#[derive(Debug)]
pub(in crate::migrate) struct Plan {
    pub(super) work: Work,
    pub(super) told: Arc<[String]>,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.work.steps().is_empty()
    }
}

impl Plans {
    pub(super) fn of(
        &self,
        cx: &Context,
        target: Target,
        asked: &Asked,
        heads: &Heads,
        conduct: &Conduct,
    ) -> Result<Arc<Plan>> {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = known.plans.get(heads) {
            return known.clone().map_err(Error::config);
        }
        let graph = cx.migrations.history().graph(target);
        let plan = asked.steps_of(graph, heads, cx.dialect, conduct).and_then(|steps| {
            if conduct.lint
                && matches!(asked, Asked::Upgrade(_))
                && let Some(why) = danger::of(graph, &steps, cx.dialect)
            {
                known.refused.get_or_insert_with(|| why.clone());
                return Err(Error::config(why));
            }
            let told = steps.iter().map(ToString::to_string).collect();
            Ok(Arc::new(Plan {
                work: Work::new(graph, cx.dialect, heads, steps, conduct.apart)?,
                told,
            }))
        });
        let kept = plan.as_ref().map(Arc::clone).map_err(said);
        known.plans.insert(heads.clone(), kept);
        plan
    }

    /// Why one of the plans must not be done, if the lint was asked.
    pub(super) fn refused(&self) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.refused.clone()
    }
}

/// What an error says, without what stands before it again when it is made once more.
fn said(error: &Error) -> String {
    let said = error.to_string();
    said.strip_prefix("the configuration cannot work: ").map(str::to_owned).unwrap_or(said)
}
