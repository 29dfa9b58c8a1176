//! What a column costs on this machine, learnt from the jobs, so that each stays within its time.

use bevy_ecs::prelude::*;

/// Microseconds of one core for a job of new sound while the analysis keeps up.
pub const LIVE_US: f64 = 2000.0;
/// The same for all others, and when more new sound waits than the jobs of a frame can take: still
/// under 5 ms, and fewer visits. What a slow display asks for once a frame must keep up with the
/// sound, and history must fill the time until the next frame.
pub const MAX_US: f64 = 4000.0;

/// Microseconds a column of one channel takes on this machine, by n log₂ n of the transform's length
/// and what folding it onto the axis takes.
#[derive(Resource, Clone, Copy, Debug)]
pub struct CostModel {
    us_per_unit: f64,
}

/// About 3.5 µs for 2048.
const FIRST_GUESS: f64 = 1.0e-4;
/// How much a job of [`WHOLE_JOB`] columns counts.
const WEIGHT: f64 = 0.1;
/// Columns from which on a job counts fully. In the small ones of live sound most of the time goes
/// into what every job has to do once: they would make all others small too.
const WHOLE_JOB: f64 = 256.0;

impl Default for CostModel {
    fn default() -> Self {
        Self {
            us_per_unit: FIRST_GUESS,
        }
    }
}

/// What folding a column takes, in the units of the transform.
const FOLDING: f64 = 12_000.0;

/// n log₂ n, and the folding.
fn units(fft_size: usize) -> f64 {
    let n = fft_size.max(2) as f64;
    n * n.log2() + FOLDING
}

impl CostModel {
    /// A job has analysed so many columns.
    pub fn learn(&mut self, fft_size: usize, columns: u64, took_us: f64) {
        if columns == 0 || !took_us.is_finite() || took_us <= 0.0 {
            return;
        }
        // One job that was interrupted tells nothing about the next.
        let seen = (took_us / (columns as f64 * units(fft_size)))
            .clamp(self.us_per_unit / 4.0, self.us_per_unit * 4.0);
        let share = (columns as f64 / WHOLE_JOB).min(1.0);
        self.us_per_unit += (seen - self.us_per_unit) * WEIGHT * share * share;
        self.us_per_unit = self
            .us_per_unit
            .clamp(FIRST_GUESS / 20.0, FIRST_GUESS * 50.0);
    }

    /// Microseconds that so many columns of one channel take.
    #[must_use]
    pub fn estimate_us(&self, fft_size: usize, columns: u64) -> f64 {
        self.us_per_unit * units(fft_size) * columns as f64
    }

    /// Columns of one channel for a job of so many microseconds.
    #[must_use]
    pub fn columns_in_us(&self, fft_size: usize, us: f64) -> u64 {
        (us / self.estimate_us(fft_size, 1)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_learns_what_a_column_costs() {
        for cost_us in [0.5, 4.0, 40.0] {
            let mut cost = CostModel::default();
            for _ in 0..400 {
                let columns = cost.columns_in_us(2048, LIVE_US).max(1);
                cost.learn(2048, columns, columns as f64 * cost_us);
            }
            let took = cost.columns_in_us(2048, LIVE_US) as f64 * cost_us;
            assert!((took / LIVE_US - 1.0).abs() < 0.05, "{cost_us}: {took}");
            // A transform eight times as long takes about eight times as much.
            let ratio = cost.estimate_us(16384, 1) / cost.estimate_us(2048, 1);
            assert!((6.0..10.0).contains(&ratio), "{ratio}");
        }
    }

    #[test]
    fn one_interrupted_job_changes_little() {
        let mut cost = CostModel::default();
        let before = cost.estimate_us(2048, 1);
        cost.learn(2048, 100, 1e6);
        assert!(cost.estimate_us(2048, 1) < before * 1.2);
        cost.learn(2048, 0, 5.0);
        cost.learn(2048, 5, f64::NAN);
    }
}
