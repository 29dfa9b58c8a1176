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

/// Mappings that can be guarded at the same time.
const SLOTS: usize = 64;

/// `start` of a slot that is not in use, and of one that is being filled in.
const FREE: usize = 0;
const TAKEN: usize = 1;

/// One guarded mapping. The handler reads it at any moment, so all of it is atomic, and `start` is
/// stored last.
struct Slot {
    start: AtomicUsize,
    len: AtomicUsize,
    writable: AtomicBool,
    /// Kept alive by the slot's [`Guard`].
    lost: AtomicPtr<AtomicBool>,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
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
pub(crate) struct Lost(Arc<AtomicBool>);

impl Lost {
    /// To be asked after a copy: `false` means that what was copied came from the file.
    pub(crate) fn is_lost(&self) -> bool {
        fence(Ordering::Acquire);
        self.0.load(Ordering::Relaxed)
    }
}

/// Guards one mapping until it is dropped, which must be before the mapping is.
#[derive(Debug)]
pub(crate) struct Guard {
    slot: usize,
    lost: Lost,
}

impl Guard {
    /// Guards the `len` bytes at `start`, a mapping of the caller's. `None` when too many are
    /// guarded already, or the system takes no handler.
    pub(crate) fn new(start: *const u8, len: usize, writable: bool) -> Option<Self> {
        static INSTALLED: OnceLock<bool> = OnceLock::new();
        if !INSTALLED.get_or_init(install) {
            return None;
        }
        let lost = Lost::default();
        let taken = |slot: &Slot| {
            slot.start
                .compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let slot = TABLE.iter().position(taken)?;
        let entry = &TABLE[slot];
        entry.len.store(len, Ordering::Relaxed);
        entry.writable.store(writable, Ordering::Relaxed);
        entry
            .lost
            .store(Arc::as_ptr(&lost.0).cast_mut(), Ordering::Relaxed);
        entry
            .start
            .store(start.expose_provenance(), Ordering::Release);
        Some(Self { slot, lost })
    }

    /// What tells whether the mapping lost its file.
    pub(crate) fn lost(&self) -> &Lost {
        &self.lost
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        TABLE[self.slot].start.store(FREE, Ordering::Release);
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
    for slot in &TABLE {
        let start = slot.start.load(Ordering::Acquire);
        let len = slot.len.load(Ordering::Relaxed);
        if start == FREE || start == TAKEN || !(start..start.saturating_add(len)).contains(&address)
        {
            continue;
        }
        // SAFETY: the faulting thread is using this mapping, so its owner, the guard and the flag
        // are all alive until it returns.
        if let Some(lost) = unsafe { slot.lost.load(Ordering::Relaxed).as_ref() } {
            // Before the zeros are there for any thread to read.
            lost.store(true, Ordering::SeqCst);
        }
        let mut access = ProtFlags::READ;
        access.set(ProtFlags::WRITE, slot.writable.load(Ordering::Relaxed));
        let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
        // SAFETY: the range is exactly one mapping of ours, whose words are only ever accessed as
        // atomics that others may change at any time: here they all become 0 at once.
        let mapped =
            unsafe { mmap_anonymous(ptr::with_exposed_provenance_mut(start), len, access, flags) };
        return mapped.is_ok();
    }
    false
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
