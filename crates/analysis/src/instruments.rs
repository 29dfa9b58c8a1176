//! The instruments' engines, one for each id, kept from request to request. Never draws a
//! conclusion: it answers with the report.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use soundfall_dsp::instruments::{Follower, InstrumentError, Missing, Visit};
use soundfall_ring::Gap;

use crate::history::{History, HistoryError};
use crate::pool::Pooled;
use crate::request::{InstrumentsId, InstrumentsRequest, RequestError};
use crate::response::{Failure, Outcome};
use soundfall_dsp::instruments::InstrumentReport;

/// Engines kept. Views release theirs; those of views that did not are dropped, the one unused for
/// longest first.
const MAX_ENGINES: usize = 64;

/// An engine and what it was asked for last.
struct Engine {
    epoch: u64,
    channels: Vec<u32>,
    restarts: u32,
    follower: Follower,
}

/// The place of an engine, empty while it works.
struct Slot {
    id: InstrumentsId,
    engine: Option<Box<Engine>>,
}

/// All engines of a worker.
#[derive(Default)]
pub(crate) struct Instruments {
    /// The one used last at the end.
    slots: Mutex<Vec<Slot>>,
}

impl Instruments {
    /// Hears a bounded slice towards the end of the request and writes the report into `report`.
    pub(crate) fn hear(
        &self,
        history: &dyn History,
        gaps: &[Gap],
        request: &InstrumentsRequest,
        mut report: Pooled<InstrumentReport>,
    ) -> Result<Outcome, Failure> {
        request.check_sound(history.format().sample_rate)?;
        let engine = self.take(request.id);
        let refused = |error: InstrumentError| RequestError::Settings(error.to_string());
        let mut engine = Engine::fit(engine, history.epoch(), request).map_err(refused)?;
        let lost = |frames: &Range<u64>| {
            let gap = gaps.iter().find(|gap| gap.touches(frames))?;
            Some(gap.start_frame..gap.end_frame())
        };
        // Askers ask for what is there; a worker may be asked by anybody.
        let end = request.end_frame.min(history.extent().end);
        let mut available = 0;
        let visit = engine.follower.step(end, lost, |slot, start, samples| {
            let channel = request.channels.get(slot).copied().unwrap_or(u32::MAX);
            history
                .read(channel, start, samples)
                .map_err(|error| match error {
                    HistoryError::Wait { available: until } => {
                        available = until;
                        Missing::Wait
                    }
                    HistoryError::Lost { resume_at, .. } => Missing::Lost { resume_at },
                    // Farther behind than the history reaches.
                    HistoryError::TooLong { .. } => Missing::Lost {
                        resume_at: history.extent().start,
                    },
                    _ => Missing::Lost {
                        resume_at: start + samples.len() as u64,
                    },
                })
        });
        engine.follower.report_into(&mut report);
        self.put(request.id, engine);
        if visit == Visit::Waits {
            return Err(HistoryError::Wait { available }.into());
        }
        Ok(Outcome::Instruments(report))
    }

    /// Drops the engine of an id, also while it works.
    pub(crate) fn release(&self, id: InstrumentsId) {
        self.locked().retain(|slot| slot.id != id);
    }

    fn take(&self, id: InstrumentsId) -> Option<Box<Engine>> {
        let mut slots = self.locked();
        let known = slots.iter().position(|slot| slot.id == id);
        let engine = known.and_then(|at| slots.remove(at).engine);
        if slots.len() >= MAX_ENGINES {
            slots.remove(0);
        }
        slots.push(Slot { id, engine: None });
        engine
    }

    /// Takes an engine back, unless it was released meanwhile.
    fn put(&self, id: InstrumentsId, engine: Box<Engine>) {
        if let Some(slot) = self.locked().iter_mut().find(|slot| slot.id == id) {
            slot.engine = Some(engine);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// The engine that was there, with what can stay of it, or a new one.
    fn fit(
        engine: Option<Box<Self>>,
        epoch: u64,
        request: &InstrumentsRequest,
    ) -> Result<Box<Self>, InstrumentError> {
        let settings = &request.settings;
        let same_sound =
            engine.filter(|engine| engine.epoch == epoch && engine.channels == request.channels);
        let Some(mut engine) = same_sound else {
            return Ok(Box::new(Self {
                epoch,
                channels: request.channels.clone(),
                restarts: request.restarts,
                follower: Follower::new(settings.clone(), request.first_frame)?,
            }));
        };
        if engine.follower.settings() != settings {
            engine.follower.change(settings.clone())?;
        }
        if engine.restarts != request.restarts {
            engine.restarts = request.restarts;
            engine.follower.restart();
        }
        Ok(engine)
    }
}
