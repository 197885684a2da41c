//! A service that is not axum's, over HTTP/2 as gRPC uses it: a stream of messages, and trailers.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body as HttpBody, Frame};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tenancy::{NewTenant, Tenancy, current_tenant};
use tokio::net::{TcpListener, TcpStream};
use tower::Layer as _;

/// A body that is no axum's: three messages, each made when it is asked for, and then the status.
struct Messages(u8);

impl HttpBody for Messages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        let frame = match self.0 {
            1..=3 => {
                let tenant = current_tenant().map(|id| id.to_string()).unwrap_or_default();
                // A message's length stands before it.
                let mut message = vec![0, 0, 0, 0, u8::try_from(tenant.len()).unwrap()];
                message.extend(tenant.bytes());
                Frame::data(message.into())
            }
            4 => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", HeaderValue::from_static("0"));
                Frame::trailers(trailers)
            }
            _ => return Poll::Ready(None),
        };
        Poll::Ready(Some(Ok(frame)))
    }
}

async fn serve(request: Request<hyper::body::Incoming>) -> Result<Response<Messages>, Infallible> {
    assert_eq!(request.version(), Version::HTTP_2);
    let response = Response::builder().header("content-type", "application/grpc");
    Ok(response.body(Messages(0)).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_of_grpc_have_their_tenant_to_the_last_message() {
    let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await.unwrap();
    for slug in ["acme", "globex"] {
        tenancy.create_tenant(NewTenant::new(slug).unwrap().id(slug).unwrap()).await.unwrap();
    }
    let service = tenancy.layer().layer(tower::service_fn(serve));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                server.serve_connection(TokioIo::new(stream), service).await
            });
        }
    });
    let stream = TcpStream::connect(address).await.unwrap();
    let http2 = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (client, connection) = http2.await.unwrap();
    tokio::spawn(connection);
    // Many at once on one connection, by turns.
    let calls = (0..40).map(|number| {
        let (mut client, tenant) = (client.clone(), ["acme", "globex", "nobody"][number % 3]);
        tokio::spawn(async move {
            let request = Request::post(format!("http://{address}/shop.Orders/List"))
                .header("content-type", "application/grpc")
                .header("x-tenant-id", tenant)
                .body(Empty::<Bytes>::new())
                .unwrap();
            let response = client.send_request(request).await.unwrap();
            let status = response.status();
            let body = response.into_body().collect().await.unwrap();
            let trailers = body.trailers().cloned();
            (tenant, status, trailers, body.to_bytes())
        })
    });
    for call in calls.collect::<Vec<_>>() {
        let (tenant, status, trailers, body) = call.await.unwrap();
        if tenant == "nobody" {
            assert_eq!((status.as_u16(), trailers), (404, None));
            continue;
        }
        assert_eq!(status, 200);
        assert_eq!(trailers.unwrap()["grpc-status"], "0");
        let message =
            [&[0, 0, 0, 0, u8::try_from(tenant.len()).unwrap()], tenant.as_bytes()].concat();
        assert_eq!(body, message.repeat(3), "{tenant}");
    }
}
