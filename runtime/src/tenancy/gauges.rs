//! How connections stand, for metrics.

use super::Tenancy;

impl Tenancy {
    /// Sets the gauges of connections to how they stand now; call it before metrics are read.
    ///
    /// | gauge | what |
    /// |---|---|
    /// | `tenancy_pool_in_use`, `tenancy_pool_waiting` | connections of the pool tenants share, and callers that wait for one |
    /// | `tenancy_connections{state}` | those to databases of tenants' own and of lanes: `held`, `idle`, `opening`, `closing` |
    /// | `tenancy_connections_waiting`, `tenancy_connections_budget` | callers that wait for one of those, and how many there may be |
    ///
    /// No series is a tenant's own; [`connections`](Self::connections) tells who has how many.
    pub fn set_gauges(&self) {
        // No pool has so many that a float cannot count them.
        #[allow(clippy::cast_precision_loss)]
        let set = |gauge: metrics::Gauge, count: usize| gauge.set(count as f64);
        let (inside, waiting) = self.inner.grounds.gate().in_use();
        set(metrics::gauge!("tenancy_pool_in_use"), inside);
        set(metrics::gauge!("tenancy_pool_waiting"), waiting);
        let all = self.connections();
        let own = all.tenants.iter().fold([0; 4], |[held, idle, opening, closing], own| {
            [held + own.held, idle + own.idle, opening + own.opening, closing + own.closing]
        });
        for (state, count) in ["held", "idle", "opening", "closing"].into_iter().zip(own) {
            set(metrics::gauge!("tenancy_connections", "state" => state), count);
        }
        set(metrics::gauge!("tenancy_connections_waiting"), all.waiting);
        set(metrics::gauge!("tenancy_connections_budget"), all.budget);
    }
}
