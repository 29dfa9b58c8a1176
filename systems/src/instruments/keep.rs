//! Keeps the readings up to date: sends the engine for new samples and takes reports in.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_dsp::instruments::{InstrumentReport, InstrumentSettings};

use super::choice::InstrumentChoice;
use super::request::{InstrumentEngine, InstrumentPlan, InstrumentResponse, InstrumentRequest};
use crate::{
    backend::{Pending, SharedBackend},
    stream::{StreamStatus, Source},
    analysis::AnalysisSettings,
    view::View,
};

/// Columns of the frequency axis in a report.
const AXIS_COLUMNS: usize = 256;
/// Noise has prominent bins, but seldom by so much (dB).
const PROMINENCE_DB: f32 = 15.0;

/// The engine away in a task.
#[derive(Component)]
pub struct InstrumentJob(Pending<InstrumentResponse>);

/// What the instruments say, and the engine while it is at home.
#[derive(Resource, Default)]
pub struct InstrumentReadings {
    /// The newest report, and what it is of.
    newest: Option<(Arc<InstrumentPlan>, InstrumentReport)>,
    /// Why there are no instruments, in words for the screen.
    pub refusal: Option<String>,
    engine: Option<Box<InstrumentEngine>>,
    spare: InstrumentReport,
    plan: Option<Arc<InstrumentPlan>>,
    /// What the plan, or the refusal, was made for.
    wish: Option<Wish>,
    away: bool,
}

impl InstrumentReadings {
    /// The newest report and what it is of.
    #[must_use]
    pub fn newest(&self) -> Option<(&InstrumentPlan, &InstrumentReport)> {
        self.newest.as_ref().map(|(plan, report)| (&**plan, report))
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

/// Sends the engine for new samples. Last in the phase `Schedule`.
pub fn send_instruments(
    mut commands: Commands,
    source: Option<Res<Source>>,
    status: Res<StreamStatus>,
    view: Res<View>,
    choice: Res<InstrumentChoice>,
    analysis: Res<AnalysisSettings>,
    backend: Res<SharedBackend>,
    mut readings: ResMut<InstrumentReadings>,
) {
    let Some(source) = source else { return };
    if choice.shown.is_empty() {
        if readings.plan.is_some() || readings.newest.is_some() {
            // What is away is dropped when it comes home.
            let away = readings.away;
            *readings = InstrumentReadings {
                away,
                ..InstrumentReadings::default()
            };
        }
        return;
    }
    if readings.away {
        return;
    }
    let rate = source.ring.format().sample_rate;
    let wish = Wish {
        epoch: status.epoch,
        rate,
        channels: view.channels.clone(),
        choice: choice.clone(),
        analysis: analysis.clone(),
    };
    if readings.wish.as_ref() != Some(&wish) {
        match wish.plan() {
            Ok(plan) => {
                readings.plan = Some(Arc::new(plan));
                readings.refusal = None;
            }
            Err(words) => {
                // Whatever measured so far goes on.
                tracing::warn!("{words}");
                readings.refusal = Some(words);
            }
        }
        readings.wish = Some(wish);
    }
    let Some(plan) = readings.plan.clone() else {
        return;
    };
    let known = readings.newest.as_ref();
    let wants =
        known.is_none_or(|(of, report)| *of != plan || report.end_frame < status.written_frames);
    if !wants || plan.epoch != status.epoch || status.written_frames == 0 {
        return;
    }
    let span = (view.span_secs * f64::from(rate)) as u64;
    let oldest = status.oldest_frame + status.margin_frames(source.ring.format());
    let first_frame = oldest
        .max(status.written_frames.saturating_sub(span))
        .min(status.written_frames);
    let request = InstrumentRequest {
        plan,
        first_frame,
        end: status.written_frames,
        gaps: status.gaps.clone(),
        engine: readings.engine.take(),
        report: std::mem::take(&mut readings.spare),
    };
    let job = backend.0.instruments(&source.ring, request);
    commands.spawn(InstrumentJob(job));
    readings.away = true;
}

/// Takes the engine back when its request is over. SoundfallSystems `Collect`.
pub fn collect_instruments(
    mut commands: Commands,
    choice: Res<InstrumentChoice>,
    mut readings: ResMut<InstrumentReadings>,
    mut jobs: Query<(Entity, &mut InstrumentJob)>,
) {
    for (entity, mut job) in &mut jobs {
        let Some(back) = job.0.ready() else { continue };
        commands.entity(entity).despawn();
        readings.away = false;
        if choice.shown.is_empty() {
            continue;
        }
        readings.engine = back.engine;
        match back.report {
            Ok(Some(report)) => {
                let before = readings.newest.replace((back.plan, report));
                if let Some((_, report)) = before {
                    readings.spare = report;
                }
            }
            Ok(None) => {}
            Err(words) => {
                readings.refusal = Some(words);
                // Nothing is gained by asking for the same again, until something changes.
                readings.plan = None;
            }
        }
    }
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
    fn plan(&self) -> Result<InstrumentPlan, String> {
        let (choice, analysis) = (&self.choice, &self.analysis);
        let stft = analysis.stft().map_err(|error| error.to_string())?;
        let axis = analysis
            .axis(self.rate, AXIS_COLUMNS)
            .map_err(|error| error.to_string())?;
        let mut settings = InstrumentSettings::new(stft, axis, self.rate, self.channels.len());
        settings.pair = choice.pair_among(&self.channels);
        settings.reference = choice.reference_among(&self.channels);
        settings.average_secs = choice.average_secs;
        settings.hold_fall_db_per_sec = choice.hold_fall_db_per_sec;
        settings.peaks.prominence_db = PROMINENCE_DB;
        settings.wanted = choice.shown;
        settings.check().map_err(|error| error.to_string())?;
        Ok(InstrumentPlan {
            epoch: self.epoch,
            channels: self.channels.clone().into(),
            settings,
            restarts: choice.restarts,
        })
    }
}
