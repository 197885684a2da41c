//! What all tasks share: the application, what was counted, and what must not have happened.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::{Router, body::Body, http::Request as HttpRequest, response::Response, routing::post};
use tenancy::Tenancy;
use tenancy_tests::cut::cut;
use tower::ServiceExt;

use crate::request::{Answer, COUNTERS, Deliberate, Request, handle};

/// Nothing takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a request is dropped.
pub(crate) enum Cut {
    Never,
    Polls(usize),
    Time(Duration),
}

/// What came of a request.
pub(crate) enum Outcome {
    Answered(Answer),
    /// It was dropped, or its handler panicked as it should.
    CutOff,
    /// With an error, where that may be.
    Failed,
}

/// How often what happened.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) answered: AtomicU64,
    pub(crate) wrote: AtomicU64,
    pub(crate) cut_off: AtomicU64,
    pub(crate) panicked: AtomicU64,
    /// While the server was away.
    pub(crate) failed: AtomicU64,
    /// With the server back, on connections from before.
    pub(crate) failed_after: AtomicU64,
    /// By a deadlock or a lock that others held too long, where an engine has such.
    pub(crate) locked: AtomicU64,
}

/// What was added to the counters of each tenant.
#[derive(Debug)]
pub(crate) struct Totals(Vec<[AtomicI64; 2]>);

impl Totals {
    fn new(tenants: usize) -> Self {
        let counters = tenants * usize::try_from(COUNTERS).unwrap_or(0);
        Self((0..counters).map(|_| Default::default()).collect())
    }

    fn of(&self, tenant: usize, id: i64) -> &[AtomicI64; 2] {
        let counters = usize::try_from(COUNTERS).unwrap_or(0);
        &self.0[tenant * counters + usize::try_from(id).unwrap_or(usize::MAX)]
    }

    pub(crate) fn ask(&self, tenant: usize, id: i64) {
        self.of(tenant, id)[0].fetch_add(1, SeqCst);
    }

    pub(crate) fn acknowledge(&self, tenant: usize, id: i64) {
        self.of(tenant, id)[1].fetch_add(1, SeqCst);
    }

    pub(crate) fn asked(&self, tenant: usize, id: i64) -> i64 {
        self.of(tenant, id)[0].load(SeqCst)
    }

    pub(crate) fn acknowledged(&self, tenant: usize, id: i64) -> i64 {
        self.of(tenant, id)[1].load(SeqCst)
    }
}

/// What all tasks share.
pub(crate) struct World {
    pub(crate) tenants: Vec<String>,
    pub(crate) tasks: usize,
    pub(crate) totals: Totals,
    pub(crate) tally: Tally,
    app: Router,
    /// Odd while the server is away.
    phase: AtomicUsize,
    stop: AtomicBool,
    violations: Mutex<Vec<String>>,
}

impl World {
    pub(crate) fn new(tenancy: &Tenancy, tenants: Vec<String>, tasks: usize) -> Self {
        let app = Router::new().route("/", post(handle)).layer(tenancy.layer());
        Self {
            totals: Totals::new(tenants.len()),
            tenants,
            tasks,
            tally: Tally::default(),
            app,
            phase: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            violations: Mutex::default(),
        }
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(SeqCst)
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, SeqCst);
    }

    /// The server goes away or is back.
    pub(crate) fn next_phase(&self) {
        self.phase.fetch_add(1, SeqCst);
    }

    /// What must not have happened. All stop.
    pub(crate) fn violation(&self, why: String) {
        self.stop();
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(why);
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a request of a tenant's, as a server would: in a task of its own.
    pub(crate) async fn send(
        &self,
        tenant: usize,
        request: Request,
        cut_at: Cut,
    ) -> Result<Outcome, String> {
        let http = HttpRequest::post("/").header("x-tenant-id", &self.tenants[tenant]);
        let mut http = http.body(Body::empty()).expect("a plain request");
        http.extensions_mut().insert(request.clone());
        let work = self.app.clone().oneshot(http);
        let begun_in = self.phase.load(SeqCst);
        let task = tokio::spawn(async move {
            match cut_at {
                Cut::Never => Some(work.await),
                Cut::Polls(polls) => cut(work, polls).await,
                Cut::Time(time) => tokio::time::timeout(time, work).await.ok(),
            }
        });
        let Ok(ended) = tokio::time::timeout(PATIENCE, task).await else {
            return Err(format!("no answer in {PATIENCE:?} to {request:?}"));
        };
        let tally = &self.tally;
        match ended {
            Ok(Some(Ok(response))) => self.answered(begun_in, response, &request),
            Ok(Some(Err(never))) => match never {},
            Ok(None) => {
                tally.cut_off.fetch_add(1, SeqCst);
                Ok(Outcome::CutOff)
            }
            Err(error) => match error.try_into_panic() {
                Ok(panic) if panic.is::<Deliberate>() => {
                    tally.panicked.fetch_add(1, SeqCst);
                    Ok(Outcome::CutOff)
                }
                Ok(panic) => Err(format!(
                    "{request:?} panicked: {:?}{:?}",
                    panic.downcast_ref::<String>(),
                    panic.downcast_ref::<&str>()
                )),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    fn answered(
        &self,
        begun_in: usize,
        mut response: Response,
        request: &Request,
    ) -> Result<Outcome, String> {
        let tally = &self.tally;
        let why = match response.extensions_mut().remove::<Answer>() {
            Some(Answer::Failed(why)) => why,
            Some(answer) => {
                tally.answered.fetch_add(1, SeqCst);
                let wrote = matches!(answer, Answer::Wrote(_));
                tally.wrote.fetch_add(u64::from(wrote), SeqCst);
                return Ok(Outcome::Answered(answer));
            }
            None => format!("the layer answered {}", response.status()),
        };
        let away = begun_in % 2 == 1 || self.phase.load(SeqCst) != begun_in;
        // Locks of SQLite and MySQL may be in each other's way.
        let locked = ["Deadlock found", "database is locked"].iter().any(|it| why.contains(it));
        if away {
            tally.failed.fetch_add(1, SeqCst);
        } else if locked {
            tally.locked.fetch_add(1, SeqCst);
        } else if begun_in > 0 {
            tally.failed_after.fetch_add(1, SeqCst);
        } else {
            return Err(format!("the server was there, and {request:?} failed: {why}"));
        }
        Ok(Outcome::Failed)
    }
}
