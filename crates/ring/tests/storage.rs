//! Storage that can only load words: what it gives of samples, in steps.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, reason = "tests")]

use soundfall_ring::{ReadStorage, StorageError};

struct Words(Vec<u64>);

impl ReadStorage for Words {
    fn word_count(&self) -> u64 {
        self.0.len() as u64
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        let first = first as usize;
        out.copy_from_slice(&self.0[first..first + out.len()]);
        Ok(())
    }
}

#[test]
fn samples_of_any_length_come_whole() {
    let samples: Vec<f64> = (0..20_000).map(|n| f64::from(n) + 0.1).collect();
    let storage = Words(samples.iter().map(|sample| sample.to_bits()).collect());
    for len in [0, 1, 2047, 2048, 2049, 4096, 10_001] {
        let wanted = &samples[3..3 + len];
        let mut exact = vec![0.0; len];
        storage.copy_f64(3, &mut exact).unwrap();
        assert_eq!(exact, wanted, "{len}");
        let mut single = vec![0.0f32; len];
        storage.copy_f32(3, &mut single).unwrap();
        let wanted: Vec<f32> = wanted.iter().map(|sample| *sample as f32).collect();
        assert_eq!(single, wanted, "{len}");
    }
}
