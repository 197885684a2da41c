//! How a run goes about it.

use std::{sync::Arc, time::Duration};

use super::{CONNECTIONS, Migrate, Targets};
use crate::migrate::{RunEvent, Selection, Share, StopRun};

impl Migrate {
    /// Only what all tenants share.
    pub fn shared_only(mut self) -> Self {
        self.targets = Targets::Shared;
        self
    }

    /// Only tenants' places.
    pub fn tenants_only(mut self) -> Self {
        self.targets = Targets::Tenants;
        self
    }

    /// Which tenants are meant; all unless set, but for those that are deleted.
    pub fn tenants(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// How many tenants are moved at a time; 8 unless set, and at most 32.
    pub fn concurrency(mut self, tenants: usize) -> Self {
        self.concurrency = tenants.clamp(1, CONNECTIONS / 2);
        self
    }

    /// Moves these first, all of them, and nobody else if one of them fails: tenants by their slugs, or
    /// those of a tier. The [`waves`](Self::waves) are of the others.
    pub fn canary(mut self, selection: Selection) -> Self {
        self.canary = Some(selection);
        self
    }

    /// Goes by waves: so many tenants at first, then more. Nothing of a wave begins before the one
    /// before has ended; if a tenant of the first wave fails, the run ends.
    pub fn waves(mut self, waves: impl IntoIterator<Item = Share>) -> Self {
        self.waves = waves.into_iter().collect();
        self
    }

    /// Ends the run when more tenants than these have failed; never unless set.
    pub fn max_failures(mut self, share: Share) -> Self {
        self.max_failures = share;
        self
    }

    /// Runs each revision in a transaction of its own, where otherwise all that a place needs are in
    /// one.
    pub fn transaction_per_revision(mut self) -> Self {
        self.apart = true;
        self
    }

    /// Takes places that have nothing yet through all revisions, though there is a baseline that makes
    /// at once what they make.
    pub fn replay(mut self) -> Self {
        self.replay = true;
        self
    }

    /// Moves up even if the lint finds statements that must not run like that, where a run is refused
    /// otherwise before anything is touched. Statements that are meant so are better let through one by
    /// one, by `-- lint:allow <rule> <reason>`.
    pub fn without_lint(mut self) -> Self {
        self.lint = false;
        self
    }

    /// Says what would be done, and does nothing.
    pub fn dry_run(mut self) -> Self {
        self.dry = true;
        self
    }

    /// Undoes what a branch stands on too, where it has no root of its own.
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Ends the run when told to: what is in flight is finished.
    pub fn stop_with(mut self, stop: StopRun) -> Self {
        self.stop = stop;
        self
    }

    /// Is told what happens. It must not block.
    pub fn on_event(mut self, listener: impl Fn(&RunEvent) + Send + Sync + 'static) -> Self {
        self.listener = Arc::new(listener);
        self
    }

    /// How long a statement waits for a lock before it lets go of what it has and tries again; half a
    /// second unless set here or by the revision. Queries of the application wait no longer than that
    /// behind it.
    pub fn lock_timeout(mut self, longest: Duration) -> Self {
        self.lock_timeout = Some(longest);
        self
    }

    /// How long a statement may take; as long as it needs unless set here or by the revision.
    pub fn statement_timeout(mut self, longest: Duration) -> Self {
        self.statement_timeout = Some(longest);
        self
    }

    /// Schemas of PostgreSQL in which extensions are: bare names lead there too.
    pub fn extensions(mut self, schemas: impl IntoIterator<Item = String>) -> Self {
        self.extensions = schemas.into_iter().collect();
        self
    }

    /// Asks each place where it is, and believes nothing the ledger says: after a place was restored from
    /// a copy, or moved by other means. A run with nothing to do visits all of them then.
    pub fn looking(mut self) -> Self {
        self.trusting = false;
        self
    }
}
