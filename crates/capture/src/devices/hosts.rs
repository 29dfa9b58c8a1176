//! The sound systems of this machine, each reached once and then used by all.
//!
//! A connection to PulseAudio that is given up stays open: its library's thread sleeps on it, and nothing wakes it.
//! Whoever asks again and again (is the device back? which are there?) would collect them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cpal::HostId;
use cpal::traits::HostTrait;

static REACHED: Mutex<Vec<Arc<cpal::Host>>> = Mutex::new(Vec::new());

fn reached() -> MutexGuard<'static, Vec<Arc<cpal::Host>>> {
    REACHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This sound system; reached anew if its server has gone since.
pub(super) fn host(id: HostId) -> Result<Arc<cpal::Host>, cpal::Error> {
    let known = reached().iter().find(|host| host.id() == id).cloned();
    if let Some(known) = known {
        // Not under the lock: a server may take its time.
        if known.devices().is_ok() {
            return Ok(known);
        }
        reached().retain(|host| !Arc::ptr_eq(host, &known));
    }
    let new = Arc::new(cpal::host_from_id(id)?);
    reached().push(Arc::clone(&new));
    Ok(new)
}

/// The sound system that is used where none is named: the first in the library's order that can be reached.
pub(super) fn usual() -> Result<Arc<cpal::Host>, cpal::Error> {
    let mut why = None;
    for id in cpal::available_hosts() {
        match host(id) {
            Ok(host) => return Ok(host),
            Err(error) => why = why.or(Some(error)),
        }
    }
    Err(why.unwrap_or_else(|| cpal::ErrorKind::HostUnavailable.into()))
}
