//! Ports for servers of a test's own.

use std::{
    net::TcpListener,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// A free port that no client gets as its own: while the server is away, a client whose port it
/// is would connect to itself.
pub fn free() -> u16 {
    static OFFSET: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(process::id() % 5_000).expect("a small number");
    for _ in 0..5_000 {
        let offset = (own + OFFSET.fetch_add(7, Ordering::Relaxed)) % 5_000;
        if TcpListener::bind(("127.0.0.1", 20_000 + offset)).is_ok() {
            return 20_000 + offset;
        }
    }
    panic!("no port between 20000 and 25000 is free");
}
