//! A proxy that counts round trips.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a client that only asks whether the server is there sends: `Sync`.
const PING: [u8; 5] = [b'S', 0, 0, 0, 4];

/// Stands between a pool and its server.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens, as host and port.
    pub(crate) place: String,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    trips: AtomicUsize,
    pings: AtomicUsize,
}

/// Changes what a client says, as a bad pooler might. The length stays.
pub(crate) type Mangle = fn(&mut [u8]);

impl Proxy {
    /// Stands in front of a server.
    pub(crate) async fn before(server: String, mangle: Mangle) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let counts = Arc::<Counts>::default();
        let counted = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&counted), mangle));
            }
        });
        Self { place, counts }
    }

    /// How often the server was asked something and answered. What a pool sends a connection to see
    /// whether it is still there, when it was given back, is counted apart.
    pub(crate) fn trips(&self) -> usize {
        self.counts.trips.load(Ordering::SeqCst)
    }

    pub(crate) fn pings(&self) -> usize {
        self.counts.pings.load(Ordering::SeqCst)
    }
}

/// Carries bytes both ways until one side has enough.
async fn carry(client: TcpStream, server: TcpStream, counts: Arc<Counts>, mangle: Mangle) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    // What was asked and not answered yet.
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asking = Arc::clone(&asked);
    let up = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(n @ 1..) = from_client.read(&mut bytes).await {
            mangle(&mut bytes[..n]);
            asking.lock().unwrap().extend_from_slice(&bytes[..n]);
            if to_server.write_all(&bytes[..n]).await.is_err() {
                break;
            }
        }
    };
    let down = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(n @ 1..) = from_server.read(&mut bytes).await {
            let question = std::mem::take(&mut *asked.lock().unwrap());
            if question == PING {
                counts.pings.fetch_add(1, Ordering::SeqCst);
            } else if !question.is_empty() {
                counts.trips.fetch_add(1, Ordering::SeqCst);
            }
            if to_client.write_all(&bytes[..n]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}
