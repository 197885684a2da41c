//! A network in front of a server: it is slow when it is told to be, or cut.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

/// Passes on what is said, and answers later.
pub(crate) struct Proxy {
    port: u16,
    late: Arc<Late>,
    cut: watch::Sender<bool>,
}

/// Every so manieth answer comes so many milliseconds later, and what is behind it as well.
#[derive(Default)]
struct Late {
    every: AtomicU64,
    millis: AtomicU64,
}

impl Proxy {
    /// One in front of a server on this machine.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (late, (cut, cuts)) = (Arc::new(Late::default()), watch::channel(false));
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        tokio::spawn(accept(listener, server, Arc::clone(&late), cuts));
        Self { port: own, late, cut }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on every so manieth answer comes so much later.
    pub(crate) fn delay(&self, every: u64, late: Duration) {
        self.late.every.store(every, Ordering::SeqCst);
        self.late.millis.store(u64::try_from(late.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// From now on answers come at once.
    pub(crate) fn hurry(&self) {
        self.delay(0, Duration::ZERO);
    }

    /// Ends all connections, and lets nobody in.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub(crate) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    late: Arc<Late>,
    cuts: watch::Receiver<bool>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (late, mut cuts) = (Arc::clone(&late), cuts.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = pass(client, server, &late) => {}
                _ = cuts.wait_for(|cut| *cut) => {}
            }
        });
    }
}

async fn pass(client: TcpStream, server: SocketAddr, late: &Late) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut asks, answers_to) = client.into_split();
    let (answers, mut asked) = server.into_split();
    tokio::select! {
        _ = copy(&mut asks, &mut asked) => {}
        () = answer(answers, answers_to, late) => {}
    }
}

async fn answer(mut answers: OwnedReadHalf, to: OwnedWriteHalf, late: &Late) {
    let (send, receive) = mpsc::unbounded_channel();
    let read = async {
        let mut chunk = vec![0; 1 << 16];
        let mut number: u64 = 0;
        while let Ok(length @ 1..) = answers.read(&mut chunk).await {
            number += 1;
            let every = late.every.load(Ordering::SeqCst);
            let now = every > 0 && number.is_multiple_of(every);
            let share = if now { late.millis.load(Ordering::SeqCst) } else { 0 };
            let share = Duration::from_millis(share);
            if send.send((Instant::now() + share, chunk[..length].to_vec())).is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = read => {}
        () = write(receive, to) => {}
    }
}

async fn write(mut chunks: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>, mut to: OwnedWriteHalf) {
    while let Some((moment, chunk)) = chunks.recv().await {
        sleep_until(moment).await;
        if to.write_all(&chunk).await.is_err() {
            return;
        }
    }
}
