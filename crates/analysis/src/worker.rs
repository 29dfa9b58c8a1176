//! Answers requests: the whole work on samples, on any thread and in the browser's worker alike.
//! Knows nothing of how requests travel.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use soundfall_dsp::envelope::reduce;
use soundfall_ring::Gap;
use web_time::Instant;

use crate::engines::EnginePool;
use crate::history::{History, HistoryError};
use crate::instruments::Instruments;
use crate::request::{EnvelopesRequest, Request, RequestError, RowsRequest};
use crate::response::{Failure, Outcome, Response};

/// Histories whose gaps are kept.
const MAX_GAP_LISTS: usize = 8;

/// Characters of a panic's message that are passed on.
const MAX_MESSAGE: usize = 500;

/// Answers requests, on as many threads at once as want to: engines and buffers are lent to jobs and
/// taken back.
///
/// A panic is caught, wherever panics unwind: the job's response says so, and the worker goes on.
#[derive(Default)]
pub struct Worker {
    engines: EnginePool,
    instruments: Instruments,
    gaps: Mutex<Vec<KnownGaps>>,
    panics: AtomicU64,
}

/// The gaps of one history.
struct KnownGaps {
    epoch: u64,
    total: u64,
    gaps: Arc<[Gap]>,
}

impl Worker {
    /// A worker with nothing in stock.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one request. Takes as long as the work takes.
    pub fn answer(&self, history: &dyn History, request: &Request) -> Response {
        let begun = Instant::now();
        let mut columns = 0;
        let done = catch_unwind(AssertUnwindSafe(|| -> Result<Outcome, Failure> {
            request.check()?;
            let outcome = self.work(history, request)?;
            columns = request.columns();
            Ok(outcome)
        }));
        let outcome = match done {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => failure.into(),
            Err(panic) => {
                self.panics.fetch_add(1, Ordering::Relaxed);
                Outcome::Failed(Failure::Panicked {
                    message: message(&*panic),
                })
            }
        };
        Response {
            outcome,
            columns,
            took_us: begun.elapsed().as_secs_f64() * 1e6,
        }
    }

    /// Panics that were caught.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    fn work(&self, history: &dyn History, request: &Request) -> Result<Outcome, Failure> {
        match request {
            Request::Rows(rows) => self.rows(history, rows),
            Request::Envelopes(envelopes) => self.envelopes(history, envelopes),
            Request::Instruments(request) => {
                let gaps = self.gaps(history);
                let report = self.engines.reports.lend();
                self.instruments.hear(history, &gaps, request, report)
            }
            Request::Release(id) => {
                self.instruments.release(*id);
                Ok(Outcome::Released)
            }
        }
    }

    fn rows(&self, history: &dyn History, request: &RowsRequest) -> Result<Outcome, Failure> {
        let first = request.start_frame;
        let frames = frames(history, request.frames(), first)?;
        let shape = self.engines.shape(request, history.format().sample_rate);
        let mut engine = self
            .engines
            .engine(&shape)
            .map_err(|error| RequestError::Settings(error.to_string()))?;
        let gaps = self.gaps(history);
        let is_lost = |frames: Range<u64>| {
            let frames = first + frames.start..first + frames.end;
            gaps.iter().any(|gap| gap.touches(&frames))
        };
        let mut samples = self.engines.samples.lend();
        samples.resize(frames, 0.0);
        let bytes = request.bytes().ok_or(RequestError::TooLarge)?;
        let mut out = self.engines.rows.lend();
        // Every byte is written: nothing of what was there before is left.
        out.resize(bytes as usize, 0);
        let channels = request.channels.len() as u64;
        for (slot, &channel) in (0..).zip(&request.channels) {
            if let Err(error) = read_padded(history, channel, first, &mut samples) {
                self.engines.put_engine(engine);
                return Err(error.into());
            }
            let place = (slot, channels);
            engine.rows(&shape, &request.span, &samples, is_lost, place, &mut out);
        }
        self.engines.put_engine(engine);
        Ok(Outcome::Rows(out))
    }

    fn envelopes(
        &self,
        history: &dyn History,
        request: &EnvelopesRequest,
    ) -> Result<Outcome, Failure> {
        let frames = frames(history, request.frames(), request.start_frame)?;
        let mut samples = self.engines.samples.lend();
        samples.resize(frames, 0.0);
        let mut entries = self.engines.entries.lend();
        entries.clear();
        for &channel in &request.channels {
            history.read(channel, request.start_frame, &mut samples)?;
            entries.extend(
                samples
                    .chunks_exact(request.entry_frames as usize)
                    .map(reduce),
            );
        }
        Ok(Outcome::Envelopes(entries))
    }

    /// The gaps of a history, fetched anew only when there are more.
    fn gaps(&self, history: &dyn History) -> Arc<[Gap]> {
        let (epoch, total) = (history.epoch(), history.gap_total());
        if total == 0 {
            return Arc::default();
        }
        let mut known = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = known.iter().position(|known| known.epoch == epoch) {
            if known[at].total == total {
                return known[at].gaps.clone();
            }
            known.remove(at);
        }
        let gaps: Arc<[Gap]> = history.gaps().into();
        if known.len() >= MAX_GAP_LISTS {
            known.remove(0);
        }
        known.push(KnownGaps {
            epoch,
            total,
            gaps: gaps.clone(),
        });
        gaps
    }
}

/// Reads frames; those beyond the end of a recording are silence, so that columns stand there too.
fn read_padded(
    history: &dyn History,
    channel: u32,
    first: u64,
    out: &mut [f32],
) -> Result<(), HistoryError> {
    match history.read(channel, first, out) {
        Err(HistoryError::PastEnd { end }) if end > first => {
            let there =
                usize::try_from(end - first).map_or(out.len(), |there| there.min(out.len()));
            let (sound, silence) = out.split_at_mut(there);
            silence.fill(0.0);
            history.read(channel, first, sound)
        }
        read => read,
    }
}

/// How many frames these are. What no read can give is refused before memory is taken for it.
fn frames(
    history: &dyn History,
    frames: Option<Range<u64>>,
    start_frame: u64,
) -> Result<usize, Failure> {
    let frames = frames.ok_or(RequestError::Frames { start_frame })?;
    let (frames, readable) = (
        frames.end - frames.start,
        history.format().readable_frames(),
    );
    if frames > readable {
        return Err(HistoryError::TooLong { frames, readable }.into());
    }
    Ok(frames as usize)
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    said.chars().take(MAX_MESSAGE).collect()
}
