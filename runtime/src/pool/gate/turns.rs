//! Who may have a connection of a shared pool next: the arithmetic, without waiting.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

use tenancy_core::TenantId;

/// Who is inside, and who waits. `W` is somebody who waits.
///
/// Tenants that wait and have less than their share stand in a queue, each with one place however
/// many of its callers wait. While there is room, the queue is empty. One that has its share comes
/// to the end of the queue when it has less.
#[derive(Debug)]
pub(super) struct Turns<W> {
    room: usize,
    share: usize,
    inside: usize,
    accounts: HashMap<TenantId, Account<W>>,
    queue: VecDeque<TenantId>,
    tickets: u64,
}

#[derive(Debug)]
struct Account<W> {
    inside: usize,
    waiting: VecDeque<(u64, W)>,
    queued: bool,
}

/// One tenant's account, to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) tenant: TenantId,
    pub(super) inside: usize,
    pub(super) waiting: usize,
}

impl<W> Default for Account<W> {
    fn default() -> Self {
        Self { inside: 0, waiting: VecDeque::new(), queued: false }
    }
}

impl<W> Turns<W> {
    /// Room for that many, of which one tenant may have its share.
    pub(super) fn new(room: usize, share: usize) -> Self {
        Self {
            room,
            share,
            inside: 0,
            accounts: HashMap::new(),
            queue: VecDeque::new(),
            tickets: 0,
        }
    }

    pub(super) fn room(&self) -> usize {
        self.room
    }

    pub(super) fn share(&self) -> usize {
        self.share
    }

    /// Lets one of a tenant's callers in, if it need not wait.
    pub(super) fn enter(&mut self, tenant: &TenantId) -> bool {
        if self.inside >= self.room {
            return false;
        }
        match self.accounts.get_mut(tenant) {
            // Whoever waits beside free room waits for the tenant's share.
            Some(account) if account.inside >= self.share => return false,
            Some(account) => account.inside += 1,
            None => {
                let account = Account { inside: 1, ..Account::default() };
                self.accounts.insert(tenant.clone(), account);
            }
        }
        self.inside += 1;
        true
    }

    /// Takes a place behind the tenant's others. The ticket gives it back.
    pub(super) fn wait(&mut self, tenant: &TenantId, waiter: W) -> u64 {
        self.tickets += 1;
        let account = self.accounts.entry(tenant.clone()).or_default();
        account.waiting.push_back((self.tickets, waiter));
        self.queue(tenant);
        self.tickets
    }

    /// Gives a place up, unless its turn has come.
    pub(super) fn cancel(&mut self, tenant: &TenantId, ticket: u64) -> Option<W> {
        let account = self.accounts.get_mut(tenant)?;
        let at = account.waiting.iter().position(|(known, _)| *known == ticket)?;
        let (_, waiter) = account.waiting.remove(at)?;
        if account.waiting.is_empty() && std::mem::take(&mut account.queued) {
            self.queue.retain(|queued| queued != tenant);
        }
        self.settle(tenant);
        Some(waiter)
    }

    /// One of a tenant's callers has left.
    pub(super) fn leave(&mut self, tenant: &TenantId) {
        if let Some(account) = self.accounts.get_mut(tenant) {
            account.inside -= 1;
            self.inside -= 1;
            self.settle(tenant);
        }
    }

    /// Lets in whose turn it is, if there is room.
    pub(super) fn next(&mut self) -> Option<(TenantId, W)> {
        if self.inside >= self.room {
            return None;
        }
        let tenant = self.queue.pop_front()?;
        let account = self.accounts.get_mut(&tenant)?;
        account.queued = false;
        let (_, waiter) = account.waiting.pop_front()?;
        account.inside += 1;
        self.inside += 1;
        self.queue(&tenant);
        Some((tenant, waiter))
    }

    /// Who is inside or waits, the one with most first.
    pub(super) fn counts(&self) -> Vec<Count> {
        let mut counts: Vec<Count> = self
            .accounts
            .iter()
            .map(|(tenant, account)| Count {
                tenant: tenant.clone(),
                inside: account.inside,
                waiting: account.waiting.len(),
            })
            .collect();
        counts.sort_by(|a, b| {
            Reverse(a.inside).cmp(&Reverse(b.inside)).then_with(|| a.tenant.cmp(&b.tenant))
        });
        counts
    }

    /// Puts a tenant at the end of the queue, if it waits, may have more and is not there.
    fn queue(&mut self, tenant: &TenantId) {
        if let Some(account) = self.accounts.get_mut(tenant)
            && !account.queued
            && !account.waiting.is_empty()
            && account.inside < self.share
        {
            account.queued = true;
            self.queue.push_back(tenant.clone());
        }
    }

    fn settle(&mut self, tenant: &TenantId) {
        self.queue(tenant);
        let empty = |it: &Account<W>| it.inside == 0 && it.waiting.is_empty() && !it.queued;
        if self.accounts.get(tenant).is_some_and(empty) {
            self.accounts.remove(tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn tenant(n: u8) -> TenantId {
        TenantId::new(format!("t{n}")).unwrap()
    }

    #[test]
    fn tenants_take_turns() {
        let mut turns = Turns::new(1, 1);
        assert!(turns.enter(&tenant(9)));
        for (n, caller) in [(0, "a"), (0, "b"), (0, "c"), (1, "d"), (1, "e"), (2, "f")] {
            assert!(!turns.enter(&tenant(n)));
            turns.wait(&tenant(n), caller);
        }
        let (mut order, mut inside) = (Vec::new(), tenant(9));
        loop {
            turns.leave(&inside);
            let Some((tenant, caller)) = turns.next() else { break };
            order.push(caller);
            inside = tenant;
        }
        assert_eq!(order, ["a", "d", "f", "b", "e", "c"]);
        assert!(turns.accounts.is_empty() && turns.queue.is_empty());
    }

    #[test]
    fn a_tenant_leaves_room_for_others() {
        let mut turns = Turns::new(4, 3);
        assert_eq!((0..9).filter(|_| turns.enter(&tenant(0))).count(), 3);
        for caller in 0..50 {
            turns.wait(&tenant(0), caller);
        }
        assert!(turns.next().is_none());
        assert!(turns.enter(&tenant(1)), "nobody has the last place");
        turns.leave(&tenant(1));
        assert!(turns.next().is_none(), "it is kept for others");
        turns.leave(&tenant(0));
        assert_eq!(turns.next(), Some((tenant(0), 0)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Come(u8),
        Leave(usize),
        GiveUp(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0_u8..4).prop_map(Step::Come),
            2 => (0_usize..8).prop_map(Step::Leave),
            1 => (0_usize..8).prop_map(Step::GiveUp),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Nobody waits who could be inside, no tenant has more than its share, and nothing is
        /// left of those who have gone.
        #[test]
        fn the_accounts_agree_with_the_callers(
            room in 1_usize..6,
            share in 1_usize..6,
            steps in proptest::collection::vec(step(), 1..120),
        ) {
            let share = share.min(room);
            let mut turns = Turns::new(room, share);
            let (mut inside, mut waiting): (Vec<u8>, Vec<(u8, u64)>) = (Vec::new(), Vec::new());
            let mut leaving = Vec::new();
            for step in steps {
                match step {
                    Step::Come(n) if turns.enter(&tenant(n)) => inside.push(n),
                    Step::Come(n) => waiting.push((n, turns.wait(&tenant(n), n))),
                    Step::Leave(at) if at < inside.len() => {
                        turns.leave(&tenant(inside.remove(at)));
                    }
                    Step::GiveUp(at) if at < waiting.len() => {
                        let (n, ticket) = waiting.remove(at);
                        prop_assert_eq!(turns.cancel(&tenant(n), ticket), Some(n));
                        leaving.push(n);
                    }
                    Step::Leave(_) | Step::GiveUp(_) => {}
                }
                while let Some((of, n)) = turns.next() {
                    prop_assert_eq!(&of, &tenant(n));
                    let first = waiting.iter().position(|(waits, _)| *waits == n);
                    waiting.remove(first.unwrap());
                    inside.push(n);
                }
                let mut own: BTreeMap<u8, usize> = BTreeMap::new();
                for n in &inside {
                    *own.entry(*n).or_default() += 1;
                }
                prop_assert!(inside.len() <= room && own.values().all(|own| *own <= share));
                for (n, _) in &waiting {
                    let full = inside.len() == room;
                    prop_assert!(full || own.get(n) == Some(&share), "{} waits beside free room", n);
                }
            }
            for n in inside.drain(..) {
                turns.leave(&tenant(n));
            }
            while let Some((of, _)) = turns.next() {
                turns.leave(&of);
            }
            prop_assert!(turns.accounts.is_empty() && turns.queue.is_empty() && turns.inside == 0);
        }
    }
}
