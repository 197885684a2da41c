//! Loads that are on their way: whoever wants the same thing waits for the same one.

use std::{
    collections::HashMap,
    future::{Future, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::{runtime::Handle, task::JoinHandle};

use super::{Found, Name};
use crate::Error;

/// What a load has come to, for all who waited.
pub(super) type Loaded = Result<Option<Found>, Arc<Error>>;

pub(super) type Waits = Shared<BoxFuture<'static, Loaded>>;

/// The loads on their way, one for each name.
#[derive(Debug, Default, Clone)]
pub(super) struct Flights {
    flights: Arc<Mutex<HashMap<Name, Flight>>>,
}

#[derive(Debug)]
struct Flight {
    /// How many changes there were when it began. After another one it shows what was.
    changes: u64,
    waits: Waits,
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the load that is on its way, or for one that begins now. It runs in a task of its
    /// own: whoever gives up takes it from nobody.
    pub(super) fn join<F>(
        &self,
        name: Name,
        changes: u64,
        load: impl FnOnce(Name, u64) -> F,
    ) -> Waits
    where
        F: Future<Output = Loaded> + Send + 'static,
    {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(&name)
            && flight.changes == changes
            // One that has ended and is still here was dropped with its runtime.
            && flight.waits.peek().is_none()
        {
            return flight.waits.clone();
        }
        let Ok(runtime) = Handle::try_current() else {
            let error = Error::config("tenants are loaded in a Tokio runtime, and there is none");
            return ready(Err(Arc::new(error))).boxed().shared();
        };
        let work = load(name.clone(), changes);
        let (flights_of, named) = (self.clone(), name.clone());
        let task = runtime.spawn(async move {
            // Not before it runs: a runtime that ends drops the task at once, in our lock.
            let _landed = Landed { flights: flights_of, name: named, changes };
            work.await
        });
        let waits = outcome(task).boxed().shared();
        flights.insert(name, Flight { changes, waits: waits.clone() });
        waits
    }
}

async fn outcome(task: JoinHandle<Loaded>) -> Loaded {
    match task.await {
        Ok(loaded) => loaded,
        Err(error) => {
            let error = sea_orm::DbErr::Custom(format!("a tenant could not be loaded: {error}"));
            Err(Arc::new(error.into()))
        }
    }
}

/// Takes a load off the list when it has ended, however it has.
struct Landed {
    flights: Flights,
    name: Name,
    changes: u64,
}

impl Drop for Landed {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        if flights.get(&self.name).is_some_and(|flight| flight.changes == self.changes) {
            flights.remove(&self.name);
        }
    }
}
