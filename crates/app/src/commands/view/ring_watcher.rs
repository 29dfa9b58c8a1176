//! Watches a ring that is shown: when its path leads to another ring, or another one begins in the
//! same file, that one is opened and handed to the display; what is wrong with it is said there and
//! on stderr, once each time, and counted.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use soundfall_analysis::RingHistory;
use soundfall_ring::SignOfLife;
use soundfall_ring_file::{OpenRing, Standing, WriterStatus, unix_now_ns, writer_status};
use soundfall_systems::stream::{SourceControl, SourceCounts, SourceProbe, Stream};

use crate::exit;

/// How often the ring is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Hands new rings over; there is nothing to choose.
pub struct RingWatcher(Mutex<Receiver<Stream>>);

impl RingWatcher {
    /// Watches a ring, and gives it as the display takes it.
    pub fn start(opened: OpenRing) -> Result<(Self, Stream)> {
        let health = Arc::new(Health::default());
        let shown = stream(&opened, &health);
        let (sender, receiver) = channel();
        std::thread::Builder::new()
            .name("ring watch".into())
            .spawn(move || watch(opened, &health, &sender))
            .context("cannot start the ring watch thread")?;
        Ok((Self(Mutex::new(receiver)), shown))
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

/// What is known of the ring that is shown now, and was counted of all.
#[derive(Default)]
struct Health {
    trouble: Mutex<Option<String>>,
    ended: AtomicBool,
    changes: AtomicU64,
    faults: AtomicU64,
}

impl SourceProbe for Health {
    fn lost_frames(&self) -> Option<u64> {
        None
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn counts(&self) -> SourceCounts {
        SourceCounts {
            changes: self.changes.load(Ordering::Relaxed),
            faults: self.faults.load(Ordering::Relaxed),
        }
    }
}

/// A ring as the display takes it.
fn stream(opened: &OpenRing, health: &Arc<Health>) -> Stream {
    let label = opened
        .ring
        .extension()
        .map(|extension| extension.label.clone());
    let name = label
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| opened.path.display().to_string());
    Stream {
        history: RingHistory::shared(opened.ring.clone()),
        name,
        probe: Some(Arc::clone(health) as Arc<dyn SourceProbe>),
    }
}

/// One thing that is wrong with a ring, and its words. While the kind stays it is said once.
struct Trouble {
    kind: &'static str,
    words: String,
}

impl Trouble {
    fn new(kind: &'static str, words: impl Into<String>) -> Self {
        let words = words.into();
        Self { kind, words }
    }
}

fn watch(mut opened: OpenRing, health: &Arc<Health>, sender: &Sender<Stream>) {
    let mut said: Vec<&str> = Vec::new();
    loop {
        std::thread::sleep(POLL_INTERVAL);
        let standing = opened.standing();
        let mut troubles = Vec::new();
        if matches!(standing, Standing::Replaced | Standing::Restarted) {
            // Not a ring yet, or none that may be read: the next look may find one.
            match opened.reopen() {
                Ok(next) => {
                    exit::say(anew(&standing, &opened.path));
                    health.changes.fetch_add(1, Ordering::Relaxed);
                    opened = next;
                    if sender.send(stream(&opened, health)).is_err() {
                        return;
                    }
                }
                Err(error) => troubles.push(Trouble::new(
                    "gone",
                    format!("The ring is gone, and there is no other yet: {error}."),
                )),
            }
        }
        troubles.extend(of_file(&standing));
        let status = writer_status(&*opened.ring, unix_now_ns());
        troubles.extend(of_writer(&opened, status));
        let closed = status == WriterStatus::Closed;
        health.ended.store(closed, Ordering::Relaxed);

        for trouble in &troubles {
            if !said.contains(&trouble.kind) {
                exit::say(format!("{}: {}", opened.path.display(), trouble.words));
                health.faults.fetch_add(1, Ordering::Relaxed);
            }
        }
        if troubles.is_empty() && !said.is_empty() {
            exit::say(format!("{}: all is well again", opened.path.display()));
        }
        said = troubles.iter().map(|trouble| trouble.kind).collect();
        let words: Vec<_> = troubles.into_iter().map(|trouble| trouble.words).collect();
        let line = (!words.is_empty()).then(|| words.join(" "));
        *health
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = line;
    }
}

fn anew(standing: &Standing, path: &Path) -> String {
    match standing {
        Standing::Restarted => format!(
            "another ring begins in the file {}: showing it",
            path.display()
        ),
        _ => format!("another ring at {}: showing it", path.display()),
    }
}

fn of_file(standing: &Standing) -> Option<Trouble> {
    match standing {
        Standing::Deleted => Some(Trouble::new(
            "deleted",
            "The ring was deleted: what was open stays, and what its writer adds is shown; waiting for another ring.",
        )),
        Standing::Broken(error) => Some(Trouble::new(
            "broken",
            format!("The ring cannot be read any more, waiting for another one: {error}."),
        )),
        _ => None,
    }
}

fn of_writer(opened: &OpenRing, status: WriterStatus) -> Option<Trouble> {
    let ahead = match opened.ring.writer_state().sign_of_life(unix_now_ns()) {
        Some(SignOfLife::Ahead { by_ns }) => Some(by_ns as f64 / 1e9),
        _ => None,
    };
    match (status, ahead) {
        (WriterStatus::Dead, _) => Some(Trouble::new(
            "dead",
            "The writer ended without closing the ring; the history stays.",
        )),
        (WriterStatus::Silent, Some(secs)) => Some(Trouble::new(
            "ahead",
            format!(
                "The writer's signs of life are dated {secs:.0} s in the future, so a clock was set: only new sound shows that it lives."
            ),
        )),
        (WriterStatus::Silent, None) => Some(Trouble::new(
            "silent",
            "The writer gives no sign of life: it may be stopped or very busy; the history stays.",
        )),
        _ => None,
    }
}
