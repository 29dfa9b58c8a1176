//! Where the protocol orders memory: its atomics, and each of its fences by name. Never waits.
//!
//! Under `--cfg loom` the atomics are those of loom, which tries every order and every stale value
//! that the memory model allows, and a test can leave out one fence by its name
//! (`tests/loom`). Otherwise each function below is the one fence or store that it says.

#[cfg(loom)]
pub use loom::sync::atomic::AtomicU64;
#[cfg(not(loom))]
pub use std::sync::atomic::AtomicU64;

use std::sync::atomic::Ordering;

/// One place where the protocol orders memory: what comes before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Writer: the claim, and the sequence before it, come before the samples.
    ClaimThenSamples,
    /// Writer: the samples come before the sequence that tells of them.
    SamplesThenSequence,
    /// Reader: the sequence comes before the samples it tells of.
    SequenceThenCopy,
    /// Reader: the samples come before the sequence, claim and epoch that judge them.
    CopyThenCheck,
    /// Writer: the total comes before the gap that overwrites an older one.
    TotalThenGap,
    /// Writer: the gap comes before the total that tells of it.
    GapThenTotal,
    /// Reader: the total comes before the gaps it tells of.
    TotalThenGaps,
    /// Reader: the gaps come before the total that judges them.
    GapsThenCheck,
    /// Writer: all other words of the header come before the magic.
    HeaderThenMagic,
    /// Reader: the magic comes before all other words of the header.
    MagicThenHeader,
    /// Writer: the last block comes before the word that says it was the last.
    LastThenClosed,
    /// Reader: the state comes before what is read after it.
    ClosedThenLast,
}

/// A release fence: what was stored before it is seen by every reader that sees what is stored after it (and
/// has an acquire fence).
#[inline(always)]
pub(crate) fn release(order: Order) {
    if holds(order) {
        fence(Ordering::Release);
    }
}

/// An acquire fence: what is loaded after it is not older than what was loaded before it.
#[inline(always)]
pub(crate) fn acquire(order: Order) {
    if holds(order) {
        fence(Ordering::Acquire);
    }
}

/// Stores a word with release: a thread that sees it also sees every store before it.
#[inline(always)]
pub(crate) fn publish(word: &AtomicU64, value: u64, order: Order) {
    let ordering = if holds(order) {
        Ordering::Release
    } else {
        Ordering::Relaxed
    };
    word.store(value.to_le(), ordering);
}

#[cfg(not(loom))]
use std::sync::atomic::fence;

/// Every order holds.
#[cfg(not(loom))]
#[inline(always)]
const fn holds(_: Order) -> bool {
    true
}

#[cfg(loom)]
use loom::sync::atomic::fence;

#[cfg(loom)]
pub use model::without;

#[cfg(loom)]
use model::holds;

#[cfg(loom)]
mod model {
    //! The order that a model leaves out. One for each thread of the test harness; loom runs all
    //! threads of a model on the one that started it.

    use std::cell::Cell;

    use super::Order;

    thread_local! {
        static LEFT_OUT: Cell<Option<Order>> = const { Cell::new(None) };
    }

    /// Runs `test` without one order.
    pub fn without<T>(order: Option<Order>, test: impl FnOnce() -> T) -> T {
        let before = LEFT_OUT.replace(order);
        let outcome = test();
        LEFT_OUT.set(before);
        outcome
    }

    pub(super) fn holds(order: Order) -> bool {
        LEFT_OUT.get() != Some(order)
    }
}
