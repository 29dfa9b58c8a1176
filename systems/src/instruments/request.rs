//! A request of the instruments to the ring: what they are asked for, and what they bring home. Runs
//! wherever the backend runs it.

use std::ops::Range;
use std::sync::Arc;

use soundfall_dsp::instruments::{Follower, InstrumentReport, InstrumentSettings};
use soundfall_ring::{Gap, ReadError, SharedRing};

/// What the instruments measure, of which sound.
#[derive(Clone, Debug, PartialEq)]
pub struct InstrumentPlan {
    /// Epoch of the ring.
    pub epoch: u64,
    /// Ring channels, in the order of their places in the report.
    pub channels: Arc<[u32]>,
    /// How they measure.
    pub settings: InstrumentSettings,
    /// All measurements start anew when it changes.
    pub restarts: u32,
}

/// An engine with what it was last sent for.
pub struct InstrumentEngine {
    plan: Arc<InstrumentPlan>,
    follower: Follower,
}

/// What a request is asked for.
pub struct InstrumentRequest {
    /// What to measure.
    pub plan: Arc<InstrumentPlan>,
    /// Where a new engine begins.
    pub first_frame: u64,
    /// Towards this frame.
    pub end: u64,
    /// Gaps known when it left.
    pub gaps: Arc<[Gap]>,
    /// The engine, where it lives in this process and there is one.
    pub engine: Option<Box<InstrumentEngine>>,
    /// A report to be written over.
    pub report: InstrumentReport,
}

/// What a request brings home.
pub struct InstrumentResponse {
    /// What was measured.
    pub plan: Arc<InstrumentPlan>,
    /// The engine, where it lives in this process.
    pub engine: Option<Box<InstrumentEngine>>,
    /// What the instruments say; none where the ring was gone, words where they cannot be.
    pub report: Result<Option<InstrumentReport>, String>,
}

impl InstrumentRequest {
    /// Hears a bounded slice of the ring.
    #[must_use]
    pub fn travel(self, ring: &SharedRing) -> InstrumentResponse {
        let Self {
            plan,
            first_frame,
            end,
            gaps,
            engine,
            mut report,
        } = self;
        let mut engine = match InstrumentEngine::for_plan(engine, &plan, first_frame) {
            Ok(engine) => engine,
            Err(words) => {
                return InstrumentResponse {
                    plan,
                    engine: None,
                    report: Err(words),
                };
            }
        };
        let lost = |frames: &Range<u64>| {
            let gap = gaps.iter().find(|gap| gap.touches(frames))?;
            Some(gap.start_frame..gap.end_frame())
        };
        let channels = &plan.channels;
        engine.follower.step(end, lost, |slot, start, out| {
            let past = start + out.len() as u64;
            let channel = channels.get(slot).copied().unwrap_or(u32::MAX);
            ring.read(channel, start, out).map_err(|error| match error {
                ReadError::Lapped { resume_at, .. } => resume_at,
                _ => past,
            })
        });
        engine.follower.report_into(&mut report);
        InstrumentResponse {
            plan,
            engine: Some(engine),
            report: Ok(Some(report)),
        }
    }
}

impl InstrumentEngine {
    /// The engine that was there, with what can stay of it, or a new one.
    fn for_plan(
        engine: Option<Box<Self>>,
        plan: &Arc<InstrumentPlan>,
        first_frame: u64,
    ) -> Result<Box<Self>, String> {
        let words = |error: soundfall_dsp::instruments::InstrumentError| error.to_string();
        let same_sound = engine.filter(|engine| {
            (engine.plan.epoch, &engine.plan.channels) == (plan.epoch, &plan.channels)
        });
        let Some(mut engine) = same_sound else {
            return Ok(Box::new(Self {
                plan: plan.clone(),
                follower: Follower::new(plan.settings.clone(), first_frame).map_err(words)?,
            }));
        };
        if engine.plan.settings != plan.settings {
            engine
                .follower
                .change(plan.settings.clone())
                .map_err(words)?;
        }
        if engine.plan.restarts != plan.restarts {
            engine.follower.restart();
        }
        engine.plan = plan.clone();
        Ok(engine)
    }
}
