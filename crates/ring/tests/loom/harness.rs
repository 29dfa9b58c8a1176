//! What all models share: words that loom watches, and the count of what their executions brought.
//! Knows nothing of any single model.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64 as Count, Ordering::Relaxed};

use loom::sync::atomic::AtomicU64;
use soundfall_ring::copy::{copy_words, copy_words_f32, copy_words_f64, slice_words};
use soundfall_ring::sync::{Order, without};
use soundfall_ring::{
    Extension, ReadStorage, RingFormat, RingReader, RingWriter, StorageError, WriteStorage,
};

/// Zeroed words, as `HeapStorage` has them, of loom's atomics.
#[derive(Clone, Debug)]
pub struct Words(Arc<[AtomicU64]>);

impl Words {
    pub fn of(format: &RingFormat) -> Self {
        Self(
            (0..format.total_words())
                .map(|_| AtomicU64::new(0))
                .collect(),
        )
    }
}

impl WriteStorage for Words {
    fn words(&self) -> &[AtomicU64] {
        &self.0
    }
}

impl ReadStorage for Words {
    fn word_count(&self) -> u64 {
        self.0.len() as u64
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        copy_words(slice_words(&self.0, first, out.len())?, out);
        Ok(())
    }

    fn copy_f32(&self, first: u64, out: &mut [f32]) -> Result<(), StorageError> {
        copy_words_f32(slice_words(&self.0, first, out.len())?, out);
        Ok(())
    }

    fn copy_f64(&self, first: u64, out: &mut [f64]) -> Result<(), StorageError> {
        copy_words_f64(slice_words(&self.0, first, out.len())?, out);
        Ok(())
    }
}

/// A ring of ours with an epoch.
pub fn ring(format: &RingFormat, epoch: u64) -> (Words, RingWriter<Words>, RingReader<Words>) {
    let words = Words::of(format);
    let extension = Extension {
        epoch,
        ..Extension::default()
    };
    let writer = RingWriter::create(words.clone(), format, &extension).unwrap();
    let reader = RingReader::new(words.clone()).unwrap();
    (words, writer, reader)
}

/// What the executions of a model brought.
#[derive(Debug, Default)]
pub struct Tally {
    executions: Count,
    right: Count,
    refused: Count,
    wrong: Count,
}

impl Tally {
    /// What was given out, and whether it is what was written.
    pub fn accepted(&self, right: bool) {
        if right { &self.right } else { &self.wrong }.fetch_add(1, Relaxed);
    }

    /// Nothing was given out.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }
}

/// How far a model is explored.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    /// The order that is left out.
    without: Option<Order>,
    /// Ends at the first execution that accepts something wrong.
    until_wrong: bool,
    /// At most so many changes from a thread that could go on; all there are otherwise.
    switches: Option<usize>,
}

/// Ends a model at its first wrong execution.
struct Found;

/// Runs the executions of `model`; returns how many accepted something wrong.
fn wrong_of(name: &str, extent: Extent, model: impl Fn(&Tally) + Send + Sync + 'static) -> u64 {
    let tally = Arc::new(Tally::default());
    let counted = tally.clone();
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 10_000;
    builder.preemption_bound = extent.switches;
    let explored = without(extent.without, || {
        catch_unwind(AssertUnwindSafe(|| {
            builder.check(move || {
                counted.executions.fetch_add(1, Relaxed);
                model(&counted);
                if extent.until_wrong && counted.wrong.load(Relaxed) > 0 {
                    resume_unwind(Box::new(Found));
                }
            });
        }))
    });
    if let Err(reason) = explored
        && !reason.is::<Found>()
    {
        resume_unwind(reason);
    }
    let [executions, right, refused, wrong] = [
        &tally.executions,
        &tally.right,
        &tally.refused,
        &tally.wrong,
    ]
    .map(|count| count.load(Relaxed));
    let without = extent
        .without
        .map_or_else(String::new, |order| format!(" without {order:?}"));
    let switches = extent
        .switches
        .map_or_else(String::new, |most| format!(" of at most {most} switches"));
    println!(
        "{name}{without}: {executions} executions{switches}, {right} accepted right, {refused} refused, {wrong} accepted wrong"
    );
    assert!(
        extent.until_wrong || right > 0,
        "{name}: the model tested nothing: {tally:?}"
    );
    wrong
}

/// Every execution of `model` is right as the code is.
pub fn holds(name: &str, model: impl Fn(&Tally) + Send + Sync + 'static) {
    assert_eq!(wrong_of(name, Extent::default(), model), 0, "{name}");
}

/// As [`holds`], for those executions in which threads that could go on are interrupted at most
/// `switches` times.
pub fn holds_within(name: &str, switches: usize, model: impl Fn(&Tally) + Send + Sync + 'static) {
    let extent = Extent {
        switches: Some(switches),
        ..Extent::default()
    };
    assert_eq!(wrong_of(name, extent, model), 0, "{name}");
}

/// Some execution of `model` is wrong as it is.
pub fn is_wrong(name: &str, model: impl Fn(&Tally) + Send + Sync + 'static) {
    let extent = Extent {
        until_wrong: true,
        ..Extent::default()
    };
    assert!(wrong_of(name, extent, model) > 0, "{name}: nothing wrong");
}

/// Some execution of `model` is wrong without `order`.
pub fn needs(name: &str, order: Order, model: impl Fn(&Tally) + Send + Sync + 'static) {
    let extent = Extent {
        without: Some(order),
        until_wrong: true,
        ..Extent::default()
    };
    let wrong = wrong_of(name, extent, model);
    assert!(wrong > 0, "{name}: nothing wrong without {order:?}");
}
