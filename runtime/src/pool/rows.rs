//! The rows of a statement, one by one, from a connection that is read to the end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{Stream, StreamExt as _};
use sea_orm::{DbErr, QueryResult, QueryStream, TransactionStream};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::Pass;

type Row = Result<QueryResult, DbErr>;

/// Rows that may be read ahead while the caller is busy with those before them.
const AHEAD: usize = 32;

/// The rows of a statement.
pub(crate) struct Rows<'a> {
    // Dropped in this order.
    source: Source<'a>,
    _pass: Option<Pass>,
}

enum Source<'a> {
    /// Read by the caller.
    Pool(Box<QueryStream>),
    Transaction(Box<TransactionStream<'a>>),
    /// To be read by a task, which has not begun.
    Lazy(Reader),
    Task(mpsc::Receiver<Message>),
    Over,
}

/// What a task sends that reads for somebody.
enum Message {
    Row(Row),
    /// Without it, the task did not come to its end.
    End,
}

/// Reads rows for somebody, and goes on to the end when nobody listens any more.
type Reader = Box<dyn FnOnce(Sender) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Where a task puts the rows it reads.
pub(crate) struct Sender {
    to: mpsc::Sender<Message>,
}

impl Sender {
    /// Reads to the end, and sends on what is still wanted.
    pub(crate) async fn send(&self, mut rows: impl Stream<Item = Row> + Unpin) {
        while let Some(row) = rows.next().await {
            // The rest is read all the same.
            self.row(row).await;
        }
    }

    /// One row.
    pub(crate) async fn row(&self, row: Row) {
        // Fails when nobody wants it.
        let _ = self.to.send(Message::Row(row)).await;
    }

    /// Waits until nobody wants any more rows.
    pub(crate) async fn unwanted(&self) {
        self.to.closed().await;
    }

    /// One more thing that went wrong.
    pub(crate) async fn fail(&self, error: DbErr) {
        let _ = self.to.send(Message::Row(Err(error))).await;
    }
}

impl Rows<'static> {
    /// Rows that the caller reads.
    pub(crate) fn by_caller(rows: QueryStream, pass: Option<Pass>) -> Self {
        Self { source: Source::Pool(Box::new(rows)), _pass: pass }
    }

    /// Rows that a task reads which begins with the first row asked for.
    pub(crate) fn by<F: Future<Output = ()> + Send + 'static>(
        read: impl FnOnce(Sender) -> F + Send + 'static,
    ) -> Self {
        let reader: Reader = Box::new(move |sender| {
            Box::pin(async move {
                let to = sender.to.clone();
                // What was read from goes before the end is told.
                read(sender).await;
                let _ = to.send(Message::End).await;
            })
        });
        Self { source: Source::Lazy(reader), _pass: None }
    }
}

impl<'a> From<TransactionStream<'a>> for Rows<'a> {
    fn from(rows: TransactionStream<'a>) -> Self {
        Self { source: Source::Transaction(Box::new(rows)), _pass: None }
    }
}

impl Stream for Rows<'_> {
    type Item = Row;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Row>> {
        loop {
            let message = match &mut self.source {
                Source::Pool(rows) => return rows.poll_next_unpin(cx),
                Source::Transaction(rows) => return rows.poll_next_unpin(cx),
                Source::Over => return Poll::Ready(None),
                Source::Task(rows) => ready!(rows.poll_recv(cx)),
                Source::Lazy(_) => {
                    let (to, rows) = mpsc::channel(AHEAD);
                    let lazy = std::mem::replace(&mut self.source, Source::Task(rows));
                    if let Source::Lazy(read) = lazy {
                        tokio::spawn(read(Sender { to }).in_current_span());
                    }
                    continue;
                }
            };
            return Poll::Ready(match message {
                Some(Message::Row(row)) => Some(row),
                Some(Message::End) => {
                    self.source = Source::Over;
                    None
                }
                None => {
                    self.source = Source::Over;
                    let why = "the task that reads the rows ended before they did";
                    Some(Err(DbErr::Custom(why.to_owned())))
                }
            });
        }
    }
}
