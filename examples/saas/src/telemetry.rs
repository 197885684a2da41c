//! What the program tells of itself: log lines, spans and metrics.

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// Counts from now on, for `GET /metrics`.
///
/// # Errors
///
/// If somebody else counts already.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new().install_recorder()
}

/// Prints log lines from now on.
#[cfg(not(feature = "otel"))]
pub fn logs() {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
}

/// Prints log lines and spans from now on.
#[cfg(feature = "otel")]
pub fn logs() {
    use tracing_subscriber::util::SubscriberInitExt as _;

    exporting(opentelemetry_stdout::SpanExporter::default()).init();
}

/// Prints log lines, and hands spans to an exporter as OpenTelemetry has them: those of requests have
/// `tenant.id`, `tenant.slug` and `request.id`.
#[cfg(feature = "otel")]
pub fn exporting(
    exporter: impl opentelemetry_sdk::trace::SpanExporter + 'static,
) -> impl tracing::Subscriber + Send + Sync {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt as _;

    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("saas"));
    let level = tracing_subscriber::filter::LevelFilter::INFO;
    tracing_subscriber::registry().with(level).with(tracing_subscriber::fmt::layer()).with(spans)
}
