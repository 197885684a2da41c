//! The way up: what all tenants share, then the tenants, if nothing of it is dangerous.

use futures_util::FutureExt as _;

use super::{Asked, Conduct, Fleet, pass::Run};
use crate::{Error, Result, migrate::RunReport};

impl Fleet {
    /// Moves up what is meant: what all tenants `share`, `tenants`, or both.
    ///
    /// # Errors
    ///
    /// An error if nothing was begun: tenants cannot be read, those that were named are not there, or
    /// what would be done is dangerous; or if what all tenants share could not be moved. What fails in a
    /// tenant's place is in the report.
    pub(crate) async fn upgrade(
        &self,
        asked: Asked,
        conduct: Conduct,
        (share, tenants): (bool, bool),
    ) -> Result<RunReport> {
        let run = if tenants {
            let run = Run::new(self.clone(), asked.clone(), conduct.clone());
            Some(run.counted().boxed().await?)
        } else {
            None
        };
        // Before anything is touched.
        if let Some(why) = run.as_ref().and_then(Run::refused) {
            return Err(Error::config(why));
        }
        let shared =
            if share { self.move_shared(&asked, &conduct).boxed().await? } else { Vec::new() };
        let report = match run {
            Some(run) => run.run().boxed().await?,
            None => RunReport::default(),
        };
        Ok(RunReport { shared, ..report })
    }
}
