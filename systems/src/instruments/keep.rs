//! Keeps the readings up to date: sends the engine for new samples and takes reports in.

use std::sync::Arc;

use bevy_ecs::lifecycle::HookContext;
use bevy_ecs::prelude::*;
use bevy_ecs::world::DeferredWorld;
use soundfall_analysis::{
    Failure, InstrumentsId, Outcome, Pooled, Request, Response, SharedHistory,
};
use soundfall_dsp::instruments::{InstrumentError, InstrumentReport, InstrumentSettings};
use soundfall_dsp::scale::AxisError;
use soundfall_dsp::stft::StftError;
use thiserror::Error;

use super::choice::InstrumentChoice;
use super::request::InstrumentPlan;
use crate::{
    analysis::{AnalysisOf, AnalysisSettings},
    backend::{Pending, SharedBackend},
    stream::{Stream, StreamStatus},
    view::{ViewOf, ViewSettings},
};

/// Bins of the frequency axis in a report.
const AXIS_BINS: usize = 256;
/// Noise has prominent bins, but seldom by so much (dB).
const PROMINENCE_DB: f32 = 15.0;

/// The instruments of a view hear on.
#[derive(Component)]
pub struct InstrumentJob {
    view: Entity,
    plan: Arc<InstrumentPlan>,
    engine: Engine,
    response: Pending<Response>,
}

/// The engine of a view, as its worker knows it.
#[derive(Clone)]
struct Engine {
    id: InstrumentsId,
    history: SharedHistory,
}

impl Engine {
    /// The worker may forget it.
    fn release(&self, backend: &SharedBackend) {
        let released = backend.0.submit(&self.history, Request::Release(self.id));
        released.detach();
    }
}

/// The engine goes with its view.
fn release_engine(world: DeferredWorld, context: HookContext) {
    let engine = world
        .get::<InstrumentReadings>(context.entity)
        .and_then(|readings| readings.engine.as_ref());
    if let (Some(engine), Some(backend)) = (engine, world.get_resource::<SharedBackend>()) {
        engine.release(backend);
    }
}

/// What the instruments of a view say.
#[derive(Component, Default)]
#[component(on_remove = release_engine)]
pub struct InstrumentReadings {
    /// The newest report, and what it is of.
    newest: Option<(Arc<InstrumentPlan>, Pooled<InstrumentReport>)>,
    /// Why there are no instruments, for the screen.
    pub refusal: Option<String>,
    /// Their engine, while they may have one.
    engine: Option<Engine>,
    plan: Option<Arc<InstrumentPlan>>,
    /// What the plan, or the refusal, was made for.
    wish: Option<Wish>,
    away: bool,
}

impl InstrumentReadings {
    /// The newest report and what it is of.
    #[must_use]
    pub fn newest(&self) -> Option<(&InstrumentPlan, &InstrumentReport)> {
        self.newest
            .as_ref()
            .map(|(plan, report)| (&**plan, &**report))
    }

    /// True when all that is written has been heard, or nothing is to be heard.
    #[must_use]
    pub fn caught_up(&self, status: &StreamStatus) -> bool {
        let heard = self.newest.as_ref().is_some_and(|(plan, report)| {
            self.plan.as_ref().is_some_and(|wanted| wanted == plan)
                && report.end_frame >= status.written_frames
        });
        !self.away && (self.plan.is_none() || self.refusal.is_some() || heard)
    }

    /// True while a task is under way.
    #[must_use]
    pub fn away(&self) -> bool {
        self.away
    }
}

/// Sends the engines for new samples. Last in the set `Schedule`.
pub fn send_instruments(
    mut commands: Commands,
    mut views: Query<(
        Entity,
        &ViewOf,
        &ViewSettings,
        &InstrumentChoice,
        &mut InstrumentReadings,
    )>,
    analyses: Query<(&AnalysisOf, &AnalysisSettings)>,
    streams: Query<(&Stream, &StreamStatus)>,
    backend: Res<SharedBackend>,
) {
    for (entity, of, view, choice, mut readings) in &mut views {
        let Ok((of, analysis)) = analyses.get(of.0) else {
            continue;
        };
        let Ok((stream, status)) = streams.get(of.0) else {
            continue;
        };
        if choice.shown.is_empty() {
            if readings.plan.is_some() || readings.newest.is_some() {
                if let Some(engine) = &readings.engine {
                    engine.release(&backend);
                }
                // What is away is dropped when it comes back.
                let away = readings.away;
                *readings = InstrumentReadings {
                    away,
                    ..InstrumentReadings::default()
                };
            }
            continue;
        }
        if readings.away {
            continue;
        }
        let wish = Wish {
            epoch: status.epoch,
            rate: stream.history.format().sample_rate,
            channels: view.channels.clone(),
            choice: choice.clone(),
            analysis: analysis.clone(),
        };
        let request = readings.request(wish, stream, status, view.span_secs);
        if let Some((plan, engine, request)) = request {
            let response = backend.0.submit(&stream.history, request);
            commands.spawn(InstrumentJob {
                view: entity,
                plan,
                engine,
                response,
            });
            readings.away = true;
        }
    }
}

impl InstrumentReadings {
    /// What to ask for now, if there is anything new.
    fn request(
        &mut self,
        wish: Wish,
        stream: &Stream,
        status: &StreamStatus,
        span_secs: f64,
    ) -> Option<(Arc<InstrumentPlan>, Engine, Request)> {
        let rate = wish.rate;
        if self.wish.as_ref() != Some(&wish) {
            match wish.plan() {
                Ok(plan) => {
                    self.plan = Some(Arc::new(plan));
                    self.refusal = None;
                }
                Err(error) => {
                    // Whatever measured so far goes on.
                    let words = error.to_string();
                    tracing::warn!("{words}");
                    self.refusal = Some(words);
                }
            }
            self.wish = Some(wish);
        }
        let plan = self.plan.clone()?;
        let wants = self
            .newest
            .as_ref()
            .is_none_or(|(of, report)| *of != plan || report.end_frame < status.written_frames);
        if !wants || plan.epoch != status.epoch || status.written_frames == 0 {
            return None;
        }
        let span = (span_secs * f64::from(rate)) as u64;
        let oldest = status.oldest_frame + status.margin_frames(&stream.history.format());
        let first_frame = oldest
            .max(status.written_frames.saturating_sub(span))
            .min(status.written_frames);
        let id = self.engine.as_ref().map(|engine| engine.id);
        let engine = Engine {
            id: id.unwrap_or_else(InstrumentsId::unique),
            history: stream.history.clone(),
        };
        self.engine = Some(engine.clone());
        let request = plan.request(engine.id, first_frame, status.written_frames);
        Some((plan, engine, request))
    }
}

/// Takes reports in. Set `Collect`.
pub fn collect_instruments(
    mut commands: Commands,
    mut views: Query<(&InstrumentChoice, &mut InstrumentReadings)>,
    mut jobs: Query<(Entity, &mut InstrumentJob)>,
    backend: Res<SharedBackend>,
) {
    for (entity, mut job) in &mut jobs {
        let Some(response) = job.response.ready() else {
            continue;
        };
        commands.entity(entity).despawn();
        let Ok((choice, mut readings)) = views.get_mut(job.view) else {
            // It may have been made anew after the view let it go.
            job.engine.release(&backend);
            continue;
        };
        readings.away = false;
        if choice.shown.is_empty() {
            job.engine.release(&backend);
            continue;
        }
        match response.outcome {
            Outcome::Instruments(report) => {
                readings.newest = Some((job.plan.clone(), report));
            }
            Outcome::Failed(Failure::Abandoned) => {}
            Outcome::Failed(failure) => {
                tracing::error!("instruments: {failure}");
                readings.refusal = Some(failure.to_string());
                // Nothing is gained by asking for the same again, until something changes.
                readings.plan = None;
            }
            // Asked again in the next display frame.
            _ => {}
        }
    }
}

/// Why the instruments cannot measure.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstrumentRefusal {
    /// The transform cannot be.
    #[error(transparent)]
    Stft(#[from] StftError),
    /// The frequency axis cannot be.
    #[error(transparent)]
    Axis(#[from] AxisError),
    /// The settings cannot be.
    #[error(transparent)]
    Settings(#[from] InstrumentError),
}

/// Everything that decides what is measured.
#[derive(PartialEq)]
struct Wish {
    epoch: u64,
    rate: u32,
    channels: Vec<u32>,
    choice: InstrumentChoice,
    analysis: AnalysisSettings,
}

impl Wish {
    fn plan(&self) -> Result<InstrumentPlan, InstrumentRefusal> {
        let (choice, analysis) = (&self.choice, &self.analysis);
        let stft = analysis.stft()?;
        let axis = analysis.axis(self.rate, AXIS_BINS)?;
        let mut settings = InstrumentSettings::new(stft, axis, self.rate, self.channels.len());
        settings.pair = choice.pair_among(&self.channels);
        settings.reference = choice.reference_among(&self.channels);
        settings.average_secs = choice.average_secs;
        settings.hold_fall_db_per_sec = choice.hold_fall_db_per_sec;
        settings.peaks.prominence_db = PROMINENCE_DB;
        settings.wanted = choice.shown;
        settings.check()?;
        Ok(InstrumentPlan {
            epoch: self.epoch,
            channels: self.channels.clone().into(),
            settings,
            restarts: choice.restarts,
        })
    }
}
