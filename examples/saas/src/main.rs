//! `cargo run -p saas` serves `saas.toml` and what the environment says; the README tells how.

use std::{error::Error, net::SocketAddr};

use saas::{app, connect, telemetry};
use tenancy::{Secret, TenancyConfig};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    telemetry::logs();
    let metrics = telemetry::metrics()?;
    let file = std::env::var("TENANCY_CONFIG");
    let config = TenancyConfig::load_from(file.as_deref().unwrap_or("examples/saas/saas.toml"))?;
    let operator = std::env::var("SAAS_OPERATOR_TOKEN")
        .map_err(|_| "set SAAS_OPERATOR_TOKEN to a long random text, for `/admin`")?;
    let tenancy = connect(&config).await?;
    let app = app(&tenancy, metrics, &Secret::new(operator));
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    tracing::info!(address = %listener.local_addr()?, "open");
    let stop = async {
        // Without a signal handler the program just keeps serving.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    tenancy.close().await?;
    Ok(())
}
