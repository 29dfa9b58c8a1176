//! A histogram of times, of constant size.

/// A histogram of milliseconds with a relative error under 2 %, of constant size.
#[derive(Clone, Debug)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max_ms: f64,
}

/// Lowest value told apart, milliseconds.
const LOWEST_MS: f64 = 0.001;
/// Buckets a decade of ten.
const PER_DECADE: f64 = 120.0;
/// Seven decades: a microsecond to ten seconds.
const BUCKETS: usize = 840;

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
            count: 0,
            max_ms: 0.0,
        }
    }
}

impl Histogram {
    /// Adds one value.
    pub fn add(&mut self, ms: f64) {
        let ms = if ms.is_finite() { ms.max(0.0) } else { 0.0 };
        let at = ((ms / LOWEST_MS).max(1.0).log10() * PER_DECADE) as usize;
        self.buckets[at.min(BUCKETS - 1)] += 1;
        self.count += 1;
        self.max_ms = self.max_ms.max(ms);
    }

    /// Adds all values of another one.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += more;
        }
        self.count += other.count;
        self.max_ms = self.max_ms.max(other.max_ms);
    }

    /// The value below which a share (0…1) of all values lies; 0 without values.
    #[must_use]
    pub fn percentile(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, n) in self.buckets.iter().enumerate() {
            seen += n;
            if seen >= wanted && *n > 0 {
                let upper = LOWEST_MS * 10_f64.powf((at as f64 + 1.0) / PER_DECADE);
                return upper.min(self.max_ms);
            }
        }
        0.0
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_close() {
        let mut histogram = Histogram::default();
        for i in 1..=1000 {
            histogram.add(f64::from(i) / 100.0);
        }
        assert!((histogram.percentile(0.5) - 5.0).abs() < 0.1);
        assert!((histogram.percentile(0.99) - 9.9).abs() < 0.2);
        assert!((histogram.max() - 10.0).abs() < 1e-9);
        assert!(Histogram::default().percentile(0.99).abs() < 1e-9);
    }
}
