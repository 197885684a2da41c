//! A small shop with several tenants: `cargo run -p quickstart`, then paste the lines it prints.

mod data;
mod entity;
mod load;
mod routes;
mod tour;

use std::process::ExitCode;

use clap::Parser;
use tenancy::{Header, Tenancy};

/// A shop in which every tenant sees its own orders only.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port to listen on.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the rows are kept: sqlite://…, postgres://… or mysql://… The shop's tables are made
    /// and filled if they are not there.
    #[arg(long, default_value = "sqlite://quickstart.db?mode=rwc")]
    database: String,
    /// Send requests as each tenant, compare every answer with the CSV files, and stop. Leaves the
    /// database as it was.
    #[arg(long)]
    tour: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let data = data::Data::read()?;
    let tenancy = Tenancy::builder()
        .database(&arguments.database)
        .resolver(Header::new("x-tenant-id"))
        .connect()
        .await?;
    load::load(&tenancy, &data).await?;
    let app = routes::router(&tenancy);
    let port = if arguments.tour { 0 } else { arguments.port };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let passed = if arguments.tour {
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        let passed = tour::tour(&format!("http://{address}"), &data).await;
        server.abort();
        passed?
    } else {
        greet(&address.to_string());
        let stop = async {
            // Without a signal handler the program just keeps serving.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        axum::serve(listener, app).with_graceful_shutdown(stop).await?;
        true
    };
    tenancy.close().await?;
    Ok(passed)
}

fn greet(address: &str) {
    println!("The shop is open on http://{address}. Its tenants: acme, globex, initech. Try:\n");
    for line in [
        "-H 'x-tenant-id: acme' 'http://ADDRESS/orders?status=open&min_total=4000'",
        "-H 'x-tenant-id: globex' http://ADDRESS/orders/1",
        "-H 'x-tenant-id: initech' http://ADDRESS/report",
        "-H 'x-tenant-id: acme' -H 'content-type: application/json' -d '{\"customer_id\":1,\"items\":[{\"product_id\":2,\"quantity\":3}]}' http://ADDRESS/orders",
        "-H 'x-tenant-id: initech' http://ADDRESS/orders/400",
        "-H 'x-tenant-id: nobody' http://ADDRESS/orders",
    ] {
        println!("  curl -s {}", line.replace("ADDRESS", address));
    }
    println!("\nOrder 400 is acme's; initech gets what it would get if the order did not exist.");
}
