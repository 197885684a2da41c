//! The way to Redis: one connection, a deadline, and a breaker.
//!
//! Redis makes things quicker or lets processes count together; nothing that keeps tenants apart
//! depends on it. So whoever asks here gets an answer within the deadline, or is told that there is
//! none, and knows what to do without.

mod breaker;
mod link;
mod script;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ::redis::{
    Cmd, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo as _, RedisError,
    RedisResult, ServerErrorKind, Value, aio::PubSub, cmd, io::tcp::TcpSettings,
};
use tokio::time::timeout;

pub(crate) use self::script::Script;
use self::{
    breaker::Breaker,
    link::{Link, Place},
};
use crate::{Error, Result};

/// How long anybody waits for Redis, unless set.
const DEADLINE: Duration = Duration::from_millis(25);

/// How old a connection is before it is given up because nobody gets an answer. A new one may take
/// several tries until it is there.
const USELESS: Duration = Duration::from_secs(30);

/// The longest prefix of keys, in bytes.
const LONGEST_PREFIX: usize = 32;

/// How long the connections to a cluster are kept where one of them fails. New ones find out who its
/// members are now.
const UNSURE: Duration = Duration::from_secs(1);

/// A Redis server, or a cluster, for what processes share: [rate limits](crate::limit::RedisLimiter), and
/// [which tenants have changed](crate::TenantCache).
///
/// Cheap to clone; all clones use one connection. It is opened when it is first needed and again
/// when it was lost, and nobody waits for that longer than the [deadline](Self::deadline). After
/// five failures in a row nobody waits at all, but for one request each second that tries again.
///
/// # Example
///
/// ```standalone_crate
/// use std::time::Duration;
/// use tenancy::Redis;
///
/// # fn example() -> tenancy::Result<()> {
/// let redis = Redis::new("redis://127.0.0.1:6379")?.prefix("shop")?.deadline(Duration::from_millis(10));
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Clone)]
pub struct Redis {
    place: Arc<Place>,
    prefix: Arc<str>,
    deadline: Duration,
    way: Arc<Way>,
}

/// What all clones share.
struct Way {
    /// None until it is needed, and again after it was of no use.
    connection: Mutex<Option<Held>>,
    breaker: Breaker,
    /// What the breaker's time is counted from.
    began: Instant,
}

/// A connection, and since when there is one.
struct Held {
    link: Link,
    since: Instant,
}

/// Why Redis gave no answer.
#[derive(Debug, Clone)]
pub(crate) enum Away {
    /// It gave none so often that it was not asked.
    Open,
    /// It did not answer in time. It may do later what it was asked to.
    Late,
    /// It could not be reached, or refused.
    Failed(RedisError),
}

impl Away {
    /// It answered something that makes no sense here.
    pub(crate) fn strange() -> Self {
        Self::Failed((ErrorKind::UnexpectedReturnType, "what is kept there is none of ours").into())
    }
}

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Away::Open => {
                f.write_str("it has not answered for a while, and is tried once a second")
            }
            Away::Late => f.write_str("it did not answer within the deadline"),
            Away::Failed(error) if error.redirect_node().is_some() => f.write_str(
                "it is one of several servers of a cluster: name it, or several of them, with \
                 `Redis::cluster` (`redis.cluster = true`)",
            ),
            Away::Failed(error) => error.fmt(f),
        }
    }
}

impl Redis {
    /// The server at `redis://[user:password@]host[:port][/database]`. Nothing is connected yet.
    ///
    /// The URL is never printed.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if the URL cannot be read.
    pub fn new(url: impl AsRef<str>) -> Result<Self> {
        Self::at(place(url.as_ref()).and_then(Place::server))
    }

    /// The cluster to which the servers at these URLs belong. Some of its members are enough: they
    /// name the others.
    ///
    /// Everything that is kept for a tenant is in one place of the cluster, and so is a whole
    /// [`RedisStore`](crate::RedisStore). What moves to another member is found there. While a member
    /// is away there is no answer for the tenants it has, and for moments none for others: the
    /// connections are made anew, once a second, to find out who has taken its place.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if a URL cannot be read, if there is none, or if they
    /// differ in more than host and port.
    pub fn cluster(urls: impl IntoIterator<Item: AsRef<str>>) -> Result<Self> {
        let members: RedisResult<Vec<_>> =
            urls.into_iter().map(|url| place(url.as_ref())).collect();
        Self::at(members.and_then(|members| Place::cluster(&members)))
    }

    /// The driver's text may repeat the URL.
    fn at(place: RedisResult<Place>) -> Result<Self> {
        let place = place.map_err(|_| {
            Error::config(
                "the URL of Redis cannot be read; it is to look like `redis://user:password@host:6379/0`",
            )
        })?;
        let way =
            Way { connection: Mutex::default(), breaker: Breaker::new(), began: Instant::now() };
        Ok(Self {
            place: Arc::new(place),
            prefix: "tenancy".into(),
            deadline: DEADLINE,
            way: Arc::new(way),
        })
    }

    /// Sets what all keys begin with, so that several applications can share a server; `tenancy`
    /// unless set.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) unless it is 1 to 32 ASCII letters, digits, `-`, `_`
    /// and `.`.
    pub fn prefix(mut self, prefix: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !prefix.bytes().all(allowed) {
            return Err(Error::config(
                "a prefix of keys in Redis is 1 to 32 ASCII letters, digits, `-`, `_` and `.`",
            ));
        }
        self.prefix = prefix.into();
        Ok(self)
    }

    /// Sets how long anybody waits for an answer; 25 milliseconds unless set.
    #[must_use]
    pub fn deadline(mut self, longest: Duration) -> Self {
        self.deadline = longest;
        self
    }

    /// A connection that listens.
    pub(crate) async fn listen(&self) -> RedisResult<PubSub> {
        self.place.listen().await
    }

    /// What the server says of itself, or each member of a cluster.
    pub(crate) async fn info(&self, what: &str, longest: Duration) -> Result<Vec<String>, Away> {
        let mut info = cmd("INFO");
        info.arg(what);
        let said: Value = self.ask_within(&info, longest).await?;
        let each: Vec<Value> = match said {
            Value::Map(each) => each.into_iter().map(|(_, said)| said).collect(),
            said => vec![said],
        };
        let read = each.into_iter().map(String::from_redis_value);
        read.collect::<Result<_, _>>().map_err(|_| Away::strange())
    }

    pub(crate) fn key_prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn longest_wait(&self) -> Duration {
        self.deadline
    }

    /// Asks once. What was not answered in time may be done all the same, so nothing is asked twice.
    ///
    /// It takes four fifths of the deadline at most, so that a caller who waits for all of it hears.
    pub(crate) async fn ask<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, Away> {
        let now = || self.way.began.elapsed();
        if !self.way.breaker.lets_through(now()) {
            return Err(Away::Open);
        }
        let answer = self.ask_within(cmd, self.deadline * 4 / 5).await;
        match &answer {
            Ok(_) => self.way.breaker.succeeded(),
            // It is there, and says what is wrong with the question.
            Err(Away::Failed(error)) if asks_for_script(error) || crosses_slots(error) => {
                self.way.breaker.succeeded();
            }
            Err(why) => {
                if self.way.breaker.failed(now()) {
                    tracing::warn!(
                        target: "tenancy::redis", %why,
                        "Redis is away: nobody waits for it until it answers again"
                    );
                }
                if self.way.breaker.is_open() {
                    // It may lead to nobody any more, or have been refused for good.
                    let _ = self.held().take_if(|held| held.since.elapsed() > USELESS);
                }
            }
        }
        answer
    }

    /// Asks once, whether or not others had an answer lately; for what is seldom and matters.
    pub(crate) async fn ask_within<T: FromRedisValue>(
        &self,
        cmd: &Cmd,
        longest: Duration,
    ) -> Result<T, Away> {
        let mut link = self.link()?;
        match timeout(longest, link.ask(cmd)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if link.is_lost(&error) {
                    let _ = self.held().take_if(|held| held.since.elapsed() > UNSURE);
                }
                Err(Away::Failed(error))
            }
            Err(_) => Err(Away::Late),
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.way.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn link(&self) -> Result<Link, Away> {
        let mut held = self.held();
        if let Some(held) = &*held {
            return Ok(held.link.clone());
        }
        let patience = self.deadline.max(Duration::from_secs(1));
        let link = self.place.link(patience).map_err(Away::Failed)?;
        Ok(held.insert(Held { link, since: Instant::now() }).link.clone())
    }
}

fn place(url: &str) -> RedisResult<ConnectionInfo> {
    let tcp = TcpSettings::default().set_nodelay(true);
    // A server that is gone without a word is found out, by the system, within this time.
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(USELESS);
    Ok(url.into_connection_info()?.set_tcp_settings(tcp))
}

/// Whether the server has forgotten a script, as after a restart. Nothing was done then.
pub(crate) fn asks_for_script(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::NoScript))
}

/// Whether keys went in one question that a cluster keeps apart. Nothing was done then.
pub(crate) fn crosses_slots(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::CrossSlot))
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_never_prints() {
        let redis = Redis::new("redis://shop:hunter2@127.0.0.1:6379/1").unwrap();
        assert!(!format!("{redis:?} {redis:#?}").contains("hunter2"));
        let error = Redis::new("http://shop:hunter2@127.0.0.1").unwrap_err();
        assert!(error.is_config());
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        let members = ["redis://shop:hunter2@10.0.0.1:6379", "redis://shop:hunter2@10.0.0.2:6379"];
        let redis = Redis::cluster(members).unwrap();
        assert!(!format!("{redis:?} {redis:#?}").contains("hunter2"));
    }

    #[test]
    fn a_cluster_is_named_by_members_that_are_spoken_to_alike() {
        let differing =
            ["redis://shop:hunter2@10.0.0.1:6379", "redis://shop:hunter3@10.0.0.2:6379"];
        let error = Redis::cluster(differing).unwrap_err();
        assert!(error.is_config() && !format!("{error} {error:?}").contains("hunter"));
        assert!(Redis::cluster(["redis://10.0.0.1", "http://10.0.0.2"]).unwrap_err().is_config());
        assert!(Redis::cluster([""; 0]).unwrap_err().is_config());
    }

    #[test]
    fn prefixes_are_plain() {
        let redis = Redis::new("redis://127.0.0.1").unwrap();
        let long = "a".repeat(33);
        for prefix in ["", "a{b}", "a:b", "ü", "a b", &long] {
            assert!(redis.clone().prefix(prefix).is_err(), "{prefix}");
        }
        assert_eq!(redis.prefix("shop.eu-1").unwrap().key_prefix(), "shop.eu-1");
    }
}
