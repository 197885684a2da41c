//! One of the tasks: it chooses what to ask for, cuts some of it off, and remembers what came of it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use crate::{
    history::{Deletion, Row, Slot, check_row, key, slot_of},
    request::{Action, Answer, COUNTERS, End, Request, TOGETHER, Way},
    world::{Cut, Outcome, World},
};

/// Those that are undone have their keys to themselves.
const UNDONE: usize = 250_000;

/// Numbers that look random and are the same for the same seed: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or(0) % bound.max(1)
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A task, and the history of what it wrote for each tenant.
pub(crate) struct Writer {
    world: Arc<World>,
    number: usize,
    random: Random,
    slots: Vec<Vec<Slot>>,
    undone: usize,
}

impl Writer {
    pub(crate) fn new(world: &Arc<World>, number: usize, seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        random.below(1);
        let slots = vec![Vec::new(); world.tenants.len()];
        Self { world: Arc::clone(world), number, random, slots, undone: UNDONE }
    }

    /// Works until it is told to stop, and gives back its history.
    pub(crate) async fn run(mut self) -> Vec<Vec<Slot>> {
        while !self.world.stopped() {
            // A few tenants are busier than the others.
            let all = self.world.tenants.len();
            let bound = if self.random.below(3) == 0 { all.min(4) } else { all };
            let tenant = self.random.below(bound);
            if let Err(why) = self.step(tenant).await {
                self.world.violation(format!("writer {}: {why}", self.number));
            }
        }
        self.slots
    }

    async fn step(&mut self, tenant: usize) -> Result<(), String> {
        let choice = self.random.below(100);
        let slot = self.random.below(self.slots[tenant].len());
        match choice {
            0..10 => self.insert(tenant, 1, Action::Insert { rows: 1 }).await,
            10..20 => self.insert(tenant, 2, Action::Insert { rows: 2 }).await,
            20..30 => {
                let end = self.end();
                self.insert(tenant, 2, Action::InsertNested(end)).await
            }
            30..37 => {
                let (n, end) = (self.undone, self.end());
                self.undone += 1;
                self.send(tenant, n, Action::Undone(end)).await.map(drop)
            }
            37..47 => {
                let id = if self.random.below(2) == 0 { 0 } else { 1 };
                let upsert = self.random.below(2) == 0;
                self.count(tenant, &[id], Action::Count { id, upsert }).await
            }
            47..52 => self.count(tenant, &TOGETHER, Action::CountBoth).await,
            52..58 => self.totals(tenant).await,
            58..70 => self.scan(tenant).await,
            _ if self.slots[tenant].is_empty() => Ok(()),
            70..85 if self.slots[tenant][slot].is_there() => self.update(tenant, slot).await,
            85..88 if self.slots[tenant][slot].is_there() => self.delete(tenant, slot).await,
            _ => self.read(tenant, slot).await,
        }
        .map_err(|why| format!("{}: {why}", self.world.tenants[tenant]))
    }

    fn end(&mut self) -> End {
        self.random.one(&[End::RolledBack, End::Dropped, End::Failed])
    }

    fn way(&mut self) -> Way {
        self.random.one(&[Way::All, Way::Streamed, Way::InTransaction, Way::Joined])
    }

    async fn insert(&mut self, tenant: usize, rows: usize, action: Action) -> Result<(), String> {
        let n = self.slots[tenant].len();
        self.slots[tenant].push(Slot::new(rows));
        if let Some(Answer::Wrote(_)) = self.send(tenant, n, action).await? {
            self.slots[tenant][n].acknowledged = Some(0);
        }
        Ok(())
    }

    async fn update(&mut self, tenant: usize, n: usize) -> Result<(), String> {
        let slot = &mut self.slots[tenant][n];
        slot.asked += 1;
        let (rows, version) = (slot.rows, slot.asked);
        if let Some(Answer::Wrote(affected)) =
            self.send(tenant, n, Action::Update { rows, version }).await?
        {
            if affected != rows as u64 {
                return Err(format!("an update of {rows} rows changed {affected}"));
            }
            self.slots[tenant][n].acknowledged = Some(version);
        }
        Ok(())
    }

    async fn delete(&mut self, tenant: usize, n: usize) -> Result<(), String> {
        self.slots[tenant][n].deletion = Deletion::Asked;
        if let Some(Answer::Wrote(affected)) = self.send(tenant, n, Action::Delete).await? {
            let rows = self.slots[tenant][n].rows;
            if affected != rows as u64 {
                return Err(format!("a deletion of {rows} rows changed {affected}"));
            }
            self.slots[tenant][n].deletion = Deletion::Acknowledged;
        }
        Ok(())
    }

    /// Its own rows are as it left them.
    async fn read(&mut self, tenant: usize, n: usize) -> Result<(), String> {
        let way = self.way();
        if let Some(Answer::Rows(rows)) = self.send(tenant, n, Action::Read(way)).await? {
            let name = &self.world.tenants[tenant];
            rows.iter().try_for_each(|row| check_row(name, row))?;
            let mut versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
            versions.sort_unstable();
            let slot = &self.slots[tenant][n];
            slot.check(&versions).map_err(|why| format!("{why} of {slot:?} at {n}: {rows:?}"))?;
        }
        Ok(())
    }

    /// What others wrote is this tenant's, and no half of it.
    async fn scan(&mut self, tenant: usize) -> Result<(), String> {
        let way = self.way();
        let writer = self.random.below(self.world.tasks);
        // They have written about as much.
        let n = self.random.below(self.slots[tenant].len());
        let request = Request { writer, n, action: Action::Scan(way), panics_at: 0 };
        if let Some(Answer::Rows(rows)) = self.send_request(tenant, request).await? {
            let name = &self.world.tenants[tenant];
            rows.iter().try_for_each(|row| check_row(name, row))?;
            no_half(&rows)?;
        }
        Ok(())
    }

    async fn count(&mut self, tenant: usize, ids: &[i64], action: Action) -> Result<(), String> {
        ids.iter().for_each(|id| self.world.totals.ask(tenant, *id));
        if let Some(Answer::Wrote(affected)) = self.send(tenant, 0, action).await? {
            if affected != 1 {
                return Err(format!("a counter was changed in {affected} rows"));
            }
            ids.iter().for_each(|id| self.world.totals.acknowledge(tenant, *id));
        }
        Ok(())
    }

    async fn totals(&mut self, tenant: usize) -> Result<(), String> {
        if self.random.below(2) == 0 {
            let answer = self.send(tenant, 0, Action::Both).await?;
            if let Some(Answer::Totals(totals)) = answer
                && (totals.len() != 2 || totals[0] != totals[1])
            {
                return Err(format!("counters that go together are {totals:?}"));
            }
            return Ok(());
        }
        let id = i64::try_from(self.random.below(COUNTERS as usize)).unwrap_or(0);
        let least = self.world.totals.acknowledged(tenant, id);
        if let Some(Answer::Totals(totals)) = self.send(tenant, 0, Action::Total { id }).await? {
            let most = self.world.totals.asked(tenant, id);
            if totals.len() != 1 || !(least..=most).contains(&totals[0]) {
                return Err(format!("counter {id} is {totals:?}, not within {least}..={most}"));
            }
        }
        Ok(())
    }

    async fn send(
        &mut self,
        tenant: usize,
        n: usize,
        action: Action,
    ) -> Result<Option<Answer>, String> {
        let panics_at = if self.random.below(100) < 6 { 1 + self.random.below(3) } else { 0 };
        let request = Request { writer: self.number, n, action, panics_at };
        self.send_request(tenant, request).await
    }

    /// The answer, unless it was cut off, or failed where it may.
    async fn send_request(
        &mut self,
        tenant: usize,
        request: Request,
    ) -> Result<Option<Answer>, String> {
        let cut = match self.random.below(100) {
            0..12 => Cut::Polls(self.random.below(14)),
            12..16 => Cut::Time(Duration::from_micros(self.random.below(4_000) as u64)),
            _ => Cut::Never,
        };
        match self.world.send(tenant, request, cut).await? {
            Outcome::Answered(answer) => Ok(Some(answer)),
            Outcome::Failed => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(None)
            }
            Outcome::CutOff => Ok(None),
        }
    }
}

/// No second row is there without the first, nor in another version. The last slot may be cut off
/// by the end of the scan, and one that has a single row has the first.
fn no_half(rows: &[Row]) -> Result<(), String> {
    let ids: HashSet<i64> = rows.iter().map(|row| row.id).collect();
    for row in rows {
        let (writer, n) = slot_of(row.id);
        let first = rows.iter().find(|other| other.id == key(writer, n, 0));
        if row.id == key(writer, n, 1) && first.is_none_or(|it| it.version != row.version) {
            return Err(format!("half a transaction is there: {row:?} beside {first:?}"));
        }
    }
    if ids.len() == rows.len() { Ok(()) } else { Err(format!("a key is there twice: {rows:?}")) }
}
