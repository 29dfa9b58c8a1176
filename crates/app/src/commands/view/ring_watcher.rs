//! Watches the path of a ring: when it leads to another ring, because its writer was started
//! again, that one is opened and handed to the display.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use soundfall_ring_file::{OpenRing, open};
use soundfall_systems::stream::{SourceControl, Stream};

use crate::exit;

/// How often the path is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Hands new rings over; there is nothing to choose.
pub struct RingWatcher(Mutex<Receiver<Stream>>);

impl RingWatcher {
    /// Watches the ring that is shown now.
    pub fn start(opened: OpenRing, path: PathBuf, safe_read: bool) -> Result<Self> {
        let (sender, receiver) = channel();
        std::thread::Builder::new()
            .name("ring watch".into())
            .spawn(move || watch(opened, path, safe_read, &sender))
            .context("cannot start the ring watch thread")?;
        Ok(Self(Mutex::new(receiver)))
    }
}

impl SourceControl for RingWatcher {
    fn choices(&self) -> Vec<String> {
        Vec::new()
    }

    fn choose(&self, _: &str) {}

    fn arrived(&self) -> Option<Result<Stream, String>> {
        match self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .try_recv()
        {
            Ok(source) => Some(Ok(source)),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        }
    }
}

fn watch(mut opened: OpenRing, path: PathBuf, safe_read: bool, sender: &Sender<Stream>) {
    loop {
        std::thread::sleep(POLL_INTERVAL);
        if !opened.is_replaced() {
            continue;
        }
        // Gone, or not a ring yet: the history stays on screen, and the next look may find one.
        let Ok(next) = open(&path, safe_read) else {
            continue;
        };
        exit::say(format!("another ring at {}: showing it", path.display()));
        let source = super::source(&next, &path);
        opened = next;
        if sender.send(source).is_err() {
            return;
        }
    }
}
