//! Where Redis is: a server, or a cluster of them; and the connections there.
//!
//! A question goes out once. What a member of a cluster has not done, because its keys are elsewhere,
//! is asked of the one it names; what may have been done is asked of nobody again.

use std::time::Duration;

use ::redis::{
    Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue, RedisError,
    RedisResult, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig, PubSub},
    cluster::{ClusterClient, ClusterConfig},
    cluster_async::ClusterConnection,
    cluster_routing::{RoutingInfo, SingleNodeRoutingInfo},
};

/// How long a member of a cluster may take; whoever asks waits for less.
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) enum Place {
    Server(Client),
    /// The members that were named; the others are found out.
    Cluster(Box<ClusterClient>, Vec<Client>),
}

impl Place {
    pub(super) fn server(place: ConnectionInfo) -> RedisResult<Self> {
        Ok(Self::Server(Client::open(place)?))
    }

    pub(super) fn cluster(members: &[ConnectionInfo]) -> RedisResult<Self> {
        // The driver would ask again what may have been done when a connection was lost.
        let builder = ClusterClient::builder(members.to_vec()).retries(0);
        let clients = members.iter().map(|member| Client::open(member.clone()));
        Ok(Self::Cluster(Box::new(builder.build()?), clients.collect::<RedisResult<_>>()?))
    }

    /// A way there that is opened when it is first used.
    pub(super) fn link(&self, patience: Duration) -> RedisResult<Link> {
        Ok(match self {
            Self::Server(client) => {
                let config = ConnectionManagerConfig::new()
                    // The next question tries again.
                    .set_number_of_retries(1)
                    .set_connection_timeout(Some(patience))
                    .set_response_timeout(None);
                Link::Server(ConnectionManager::new_lazy_with_config(client.clone(), config)?)
            }
            Self::Cluster(client, members) => {
                let config = ClusterConfig::new()
                    .set_connection_timeout(patience)
                    .set_response_timeout(LONGEST);
                let connection = client.get_pending_async_connection_with_config(config);
                Link::Cluster(connection, members.first().cloned())
            }
        })
    }

    /// A connection that listens, to the first that lets us: what one member of a cluster is told,
    /// all pass on.
    pub(super) async fn listen(&self) -> RedisResult<PubSub> {
        match self {
            Self::Server(client) => client.get_async_pubsub().await,
            Self::Cluster(_, members) => {
                let mut said = Err(nobody());
                for member in members {
                    said = member.get_async_pubsub().await;
                    if said.is_ok() {
                        break;
                    }
                }
                said
            }
        }
    }
}

fn nobody() -> RedisError {
    (ErrorKind::ClusterConnectionNotFound, "no member of the cluster is known").into()
}

/// A connection, or those to all members of a cluster. The member that comes with them says how
/// others are spoken to.
#[derive(Clone)]
pub(super) enum Link {
    Server(ConnectionManager),
    Cluster(ClusterConnection, Option<Client>),
}

impl Link {
    /// Whether what is known of a cluster is of no use after this error.
    pub(super) fn is_lost(&self, error: &RedisError) -> bool {
        match self {
            // It looks after itself.
            Self::Server(_) => false,
            Self::Cluster(..) => !matches!(error.kind(), ErrorKind::Server(_)),
        }
    }

    pub(super) async fn ask<T: FromRedisValue>(&mut self, cmd: &Cmd) -> RedisResult<T> {
        match self {
            Self::Server(connection) => cmd.query_async(connection).await,
            Self::Cluster(connection, member) => match cmd.query_async(connection).await {
                Err(error) => match (error.kind(), error.redirect_node()) {
                    (ErrorKind::Server(ServerErrorKind::Moved), Some((place, _))) => {
                        let (host, port) = address(place)?;
                        let place = SingleNodeRoutingInfo::ByAddress { host, port };
                        let place = RoutingInfo::SingleNode(place);
                        let answer = connection.route_command(cmd.clone(), place).await;
                        Ok(::redis::from_redis_value(answer?)?)
                    }
                    (ErrorKind::Server(ServerErrorKind::Ask), Some((place, _))) => {
                        ask_at(member.as_ref(), address(place)?, cmd).await
                    }
                    _ => Err(error),
                },
                answer => answer,
            },
        }
    }
}

/// Asks the one that is being given a slot: it answers who says that it knows so.
async fn ask_at<T: FromRedisValue>(
    member: Option<&Client>,
    (host, port): (String, u16),
    cmd: &Cmd,
) -> RedisResult<T> {
    let info = member.ok_or_else(nobody)?.get_connection_info().clone();
    let place = match info.addr().clone() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    let client = Client::open(info.set_addr(place))?;
    // Slots change seldom, and each for a short time.
    let mut connection = client.get_multiplexed_async_connection().await?;
    ::redis::cmd("ASKING").exec_async(&mut connection).await?;
    cmd.query_async(&mut connection).await
}

fn address(place: &str) -> RedisResult<(String, u16)> {
    let read = place.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match read {
        Some((host, port)) if !host.is_empty() => Ok((host.to_owned(), port)),
        _ => Err((ErrorKind::UnexpectedReturnType, "a member of a cluster names no other").into()),
    }
}

#[test]
fn addresses_are_read() {
    assert_eq!(address("10.0.0.7:6380").unwrap(), ("10.0.0.7".to_owned(), 6380));
    assert_eq!(address("::1:6380").unwrap(), ("::1".to_owned(), 6380));
    for strange in ["", ":6380", "host", "host:", "host:x", "host:70000"] {
        assert!(address(strange).is_err(), "{strange}");
    }
}
