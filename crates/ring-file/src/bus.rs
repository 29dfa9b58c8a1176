//! Pages that vanish under a mapping. Touching a page that a truncated file no longer has raises
//! SIGBUS, which would end the process; here it ends the ring instead: the mapping gets zeros in
//! place of the file, and a flag says that what it holds is not the ring any more.
//!
//! Never touches the memory of others: a SIGBUS anywhere else is passed to the handler that was installed
//! before, or ends the process as ever. Costs nothing while nothing happens.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};

/// Mappings that can be guarded at the same time; a ring takes two (see `mapped`).
const SLOTS: usize = 128;

/// `start` of a slot that is not in use, and of one that is being filled in.
const FREE: usize = 0;
const TAKEN: usize = 1;

/// One guarded mapping. The handler reads it at any moment, also while it is filled in for another
/// mapping: so all of it is atomic, and what was read counts only if the generation was the same
/// and even before and after.
struct Slot {
    /// Odd while the others change.
    generation: AtomicUsize,
    start: AtomicUsize,
    len: AtomicUsize,
    writable: AtomicBool,
    /// Kept alive by the slot's [`Guard`].
    lost: AtomicPtr<AtomicBool>,
}

/// What a slot says of its mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mapping {
    start: usize,
    len: usize,
    writable: bool,
    lost: *mut AtomicBool,
}

impl Slot {
    /// The mapping that `address` is in, if it is this slot's. `between` is called in the middle of
    /// the reading, by tests.
    fn mapping_of(&self, address: usize, between: impl FnOnce()) -> Option<Mapping> {
        let generation = self.generation.load(Ordering::Acquire);
        let start = self.start.load(Ordering::Relaxed);
        between();
        let mapping = Mapping {
            start,
            len: self.len.load(Ordering::Relaxed),
            writable: self.writable.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        };
        fence(Ordering::Acquire);
        // A slot that changes is not that of a mapping in which a thread faults now: its owner
        // lends it to that thread, and made its guard before.
        let same = self.generation.load(Ordering::Relaxed) == generation;
        let whole = same && generation.is_multiple_of(2) && start != FREE && start != TAKEN;
        (whole && (start..start.saturating_add(mapping.len)).contains(&address)).then_some(mapping)
    }

    /// Changes the mapping; for the slot's owner alone. `start` is stored by the caller.
    fn change(&self, mapping: &Mapping) {
        let generation = self.generation.load(Ordering::Relaxed);
        self.generation
            .store(generation.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.len.store(mapping.len, Ordering::Relaxed);
        self.writable.store(mapping.writable, Ordering::Relaxed);
        self.lost.store(mapping.lost, Ordering::Relaxed);
        self.start.store(mapping.start, Ordering::Relaxed);
        self.generation
            .store(generation.wrapping_add(2), Ordering::Release);
    }
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        generation: AtomicUsize::new(0),
        start: AtomicUsize::new(FREE),
        len: AtomicUsize::new(0),
        writable: AtomicBool::new(false),
        lost: AtomicPtr::new(ptr::null_mut()),
    }
}; SLOTS];

/// The handler that was installed before.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Whether a mapping lost its file; can be asked longer than the mapping lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flag(Arc<AtomicBool>);

impl Flag {
    /// To be asked after a copy: `false` means that no page was missing.
    pub(crate) fn is_set(&self) -> bool {
        fence(Ordering::Acquire);
        self.0.load(Ordering::Relaxed)
    }

    /// Says so, where it was found out by other means.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Guards one mapping until it is dropped, which must be before the mapping is.
#[derive(Debug)]
pub(crate) struct Guard {
    slot: usize,
    /// What the slot points at.
    _lost: Flag,
}

impl Guard {
    /// Guards the `len` bytes at `start`, a mapping of the caller's; `lost` is told when they are
    /// gone. `None` when too many are guarded already, or the system takes no handler.
    pub(crate) fn new(start: *const u8, len: usize, writable: bool, lost: &Flag) -> Option<Self> {
        static INSTALLED: OnceLock<bool> = OnceLock::new();
        if !INSTALLED.get_or_init(install) {
            return None;
        }
        let taken = |slot: &Slot| {
            slot.start
                .compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let slot = TABLE.iter().position(taken)?;
        TABLE[slot].change(&Mapping {
            start: start.expose_provenance(),
            len,
            writable,
            lost: Arc::as_ptr(&lost.0).cast_mut(),
        });
        let _lost = lost.clone();
        Some(Self { slot, _lost })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let slot = &TABLE[self.slot];
        slot.change(&Mapping {
            start: TAKEN,
            len: 0,
            writable: false,
            lost: ptr::null_mut(),
        });
        // From here on it may be taken by another thread.
        slot.start.store(FREE, Ordering::Release);
    }
}

/// Takes SIGBUS over, for good.
fn install() -> bool {
    // SAFETY: all-zero is a valid `sigaction` (default action, empty mask), and both calls get
    // valid pointers. The handler keeps to what a signal handler may do: see `on_bus`.
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut before) != 0 {
            return false;
        }
        // Known before the handler can need it.
        let _ = BEFORE.set(before);
        let mut action: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_bus;
        action.sa_sigaction = handler as libc::sighandler_t;
        // On the alternative stack, so that a stack overflow is still reported as such.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) == 0
    }
}

/// The handler. Allocates nothing and takes no lock: it reads atomics and makes one system call.
extern "C" fn on_bus(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the system passes valid information; an address is in it for signals that a fault
    // raised, which have a positive code.
    let address = unsafe {
        let info = &*info;
        (info.si_code > 0).then(|| info.si_addr().addr())
    };
    if !address.is_some_and(put_zeros) {
        pass_on(signal, info, context);
    }
}

/// Puts zeros into the whole guarded mapping that `address` is in; `false` if there is none.
fn put_zeros(address: usize) -> bool {
    let Some(mapping) = TABLE
        .iter()
        .find_map(|slot| slot.mapping_of(address, || ()))
    else {
        return false;
    };
    // SAFETY: the faulting thread is using this mapping, so its owner, the guard and the flag are all
    // alive until it returns.
    if let Some(lost) = unsafe { mapping.lost.as_ref() } {
        // Before the zeros are there for any thread to read.
        lost.store(true, Ordering::SeqCst);
    }
    let mut access = ProtFlags::READ;
    access.set(ProtFlags::WRITE, mapping.writable);
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    let start = ptr::with_exposed_provenance_mut(mapping.start);
    // SAFETY: the range is exactly one mapping of ours, whose words are only ever accessed as atomics
    // that others may change at any time: here they all become 0 at once.
    unsafe { mmap_anonymous(start, mapping.len, access, flags) }.is_ok()
}

/// Passes the signal to the handler that was installed before.
fn pass_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(before) = BEFORE.get() else { return };
    let handler = before.sa_sigaction;
    // SAFETY: a handler that was installed is a function of the kind its flags say, and is called
    // with what the system passed. Otherwise the default action is put back, so that the fault
    // happens again after the return and ends the process as it would have without us.
    unsafe {
        if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
            let mut default: libc::sigaction = std::mem::zeroed();
            default.sa_sigaction = libc::SIG_DFL;
            libc::sigaction(signal, &raw const default, ptr::null_mut());
            if (*info).si_code <= 0 {
                libc::raise(signal);
            }
        } else if before.sa_flags & libc::SA_SIGINFO != 0 {
            let call: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
                std::mem::transmute(handler);
            call(signal, info, context);
        } else {
            let call: extern "C" fn(c_int) = std::mem::transmute(handler);
            call(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// Addresses that are nobody's; nothing touches them.
    const LOW: usize = 0x1000_0000;
    const HIGH: usize = 0x6000_0000;

    fn guard(start: usize, len: usize) -> Guard {
        Guard::new(ptr::without_provenance(start), len, false, &Flag::default()).unwrap()
    }

    #[test]
    fn a_slot_that_changes_while_it_is_read_says_nothing() {
        let short = guard(LOW, 0x1000);
        let slot = &TABLE[short.slot];
        let found = slot.mapping_of(LOW + 0xfff, || ()).unwrap();
        assert_eq!((found.start, found.len), (LOW, 0x1000));
        assert_eq!(slot.mapping_of(LOW + 0x1000, || ()), None);
        // Between start and length the slot goes to a longer mapping elsewhere. The start of the
        // one and the length of the other would be memory that is nobody's.
        let between = LOW + 0x2000;
        let mut long = None;
        let number = short.slot;
        let found = slot.mapping_of(between, || {
            drop(short);
            // The same slot, also where other tests take some meanwhile.
            let others: Vec<Guard> = (0..SLOTS)
                .map_while(|_| {
                    let guard = guard(HIGH, 0x1000_0000);
                    if guard.slot == number {
                        long = Some(guard);
                        None
                    } else {
                        Some(guard)
                    }
                })
                .collect();
            drop(others);
        });
        assert_eq!(found, None);
        assert_eq!(long.map(|guard| guard.slot), Some(number));
        assert_eq!(slot.mapping_of(LOW, || ()), None, "free again");
    }
}
