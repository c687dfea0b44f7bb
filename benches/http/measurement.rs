//! Result of a load.

/// Result of one load in one round.
#[derive(Debug, Clone, Copy)]
pub struct Measurement {
    /// Number of responses or transactions; for orders, only placed orders.
    pub done: u64,
    pub per_second: f64,
    pub median_ms: f64,
    pub p99_ms: f64,
    /// Number of failed requests: status 400 or higher (for orders, all except 201), or no response.
    pub failed: u64,
}
