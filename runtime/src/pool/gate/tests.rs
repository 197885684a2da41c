//! Callers who come, wait, give up and leave, in the order that is written here: no clock decides.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::future::join_all;

use super::*;

const LONG: Duration = Duration::from_secs(600);

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn door(gate: &Gate, tenant: &str) -> Door {
    gate.door(&TenantId::new(tenant).unwrap())
}

#[tokio::test]
async fn a_tenant_that_asks_for_everything_leaves_some_to_others() {
    let gate = Gate::new(4, 3, LONG);
    let (noisy, quiet) = (door(&gate, "noisy"), door(&gate, "quiet"));
    let all = join_all((0..3).map(|_| noisy.enter())).await;
    let mut more = Box::pin(join_all((0..200).map(|_| noisy.enter())));
    assert!(poll(&mut more).is_pending());
    for _ in 0..100 {
        quiet.enter().await.unwrap();
    }
    drop((all, more));
    assert!(gate.turns().counts().is_empty());
}

#[tokio::test]
async fn what_comes_free_goes_to_the_next_tenant() {
    let gate = Gate::new(1, 1, LONG);
    let (noisy, quiet) = (door(&gate, "noisy"), door(&gate, "quiet"));
    let held = noisy.enter().await.unwrap();
    let mut first = pin!(noisy.enter());
    let mut second = pin!(noisy.enter());
    let mut other = pin!(quiet.enter());
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
    assert!(poll(&mut other).is_pending());
    drop(held);
    assert!(poll(&mut first).is_pending(), "it is another tenant's turn");
    let Poll::Ready(Ok(pass)) = poll(&mut other) else { panic!("it is its turn") };
    drop(pass);
    let Poll::Ready(Ok(pass)) = poll(&mut first) else { panic!("nobody else waits") };
    assert!(poll(&mut second).is_pending());
    drop(pass);
    assert!(poll(&mut second).is_ready());
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_behind() {
    let gate = Gate::new(1, 1, LONG);
    let (noisy, quiet) = (door(&gate, "noisy"), door(&gate, "quiet"));
    let held = noisy.enter().await.unwrap();
    let mut gone = Box::pin(noisy.enter());
    let mut let_in = Box::pin(noisy.enter());
    let mut other = pin!(quiet.enter());
    assert!(poll(&mut gone).is_pending() && poll(&mut let_in).is_pending());
    assert!(poll(&mut other).is_pending());
    drop(gone);
    drop(held);
    // The pass of the one who came first waits for it, or comes back.
    drop(let_in);
    assert!(poll(&mut other).is_ready());
    assert!(gate.turns().counts().is_empty());
}

#[tokio::test]
async fn a_time_out_says_who_has_the_connections() {
    let gate = Gate::new(3, 2, Duration::from_millis(1));
    let _noisy = join_all((0..2).map(|_| async { door(&gate, "noisy").enter().await })).await;
    let _quiet = door(&gate, "quiet").enter().await.unwrap();
    let error = Error::from(door(&gate, "third").enter().await.unwrap_err());
    assert!(error.is_busy());
    assert_eq!(
        error.to_string(),
        "no connection of the shared pool for `third` within 1ms: it has 0 of at most 2, all \
         tenants together 3 of at most 3; held: noisy 2, quiet 1; 1 waiting"
    );
    assert_eq!(gate.turns().counts().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_come_and_go_at_once() {
    let gate = Gate::new(3, 2, LONG);
    let tasks = (0..16_usize).map(|n| {
        let door = door(&gate, &format!("t{}", n % 4));
        tokio::spawn(async move {
            for round in 0..2_000_usize {
                let mut enter = Box::pin(door.enter());
                // Some give up at once, having waited or not.
                if (round + n) % 3 == 0 && poll(&mut enter).is_pending() {
                    continue;
                }
                if (round + n) % 3 != 0 {
                    let _pass = enter.await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert!(gate.turns().counts().is_empty());
}

#[test]
fn the_usual_share_leaves_some_where_there_are_some() {
    let shares = [1, 2, 3, 4, 8, 10, 16].map(Gate::usual_share);
    assert_eq!(shares, [1, 2, 2, 2, 4, 5, 8]);
}
