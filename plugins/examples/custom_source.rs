//! A source of one's own: a type that implements `History` is all a stream needs. This one holds no
//! samples at all; it works them out when they are read, an hour back and live.
//!
//! `cargo run -p soundfall-plugins --example custom_source`

mod common;

use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use soundfall_analysis::{History, HistoryError, HistoryFormat};
use soundfall_plugins::SoundfallPlugins;
use soundfall_ring::{Gap, WriterState};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf},
    stream::Stream,
    view::{View, ViewOf, ViewSettings},
};

const RATE: u32 = 48_000;
const BLOCK_FRAMES: u32 = 480;
/// Seconds that are there from the start.
const PAST_SECS: f64 = 12.0;

/// Two sirens, one a channel.
struct Sirens {
    begun: Instant,
}

impl Sirens {
    fn sample(channel: u32, frame: u64) -> f32 {
        let secs = frame as f64 / f64::from(RATE);
        let (middle_hz, sway_hz, period_secs) = match channel {
            0 => (400.0, 250.0, 4.0),
            _ => (1500.0, 900.0, 1.5),
        };
        // The integral of middle + sway · sin(2πt / period).
        let swayed = (TAU * secs / period_secs).cos() * sway_hz * period_secs / TAU;
        let turns = middle_hz * secs - swayed;
        (0.3 * (TAU * turns).sin() + 0.1 * (TAU * 3.0 * turns).sin()) as f32
    }
}

impl History for Sirens {
    fn format(&self) -> HistoryFormat {
        HistoryFormat {
            sample_rate: RATE,
            channels: 2,
            capacity_frames: u64::from(RATE) * 3600,
            block_frames: BLOCK_FRAMES,
        }
    }

    /// Any number that tells this history from others.
    fn epoch(&self) -> u64 {
        0x5172_e450
    }

    fn extent(&self) -> Range<u64> {
        let secs = PAST_SECS + self.begun.elapsed().as_secs_f64();
        let block = u64::from(BLOCK_FRAMES);
        let end = (secs * f64::from(RATE)) as u64 / block * block;
        end.saturating_sub(self.format().capacity_frames)..end
    }

    fn read(&self, channel: u32, first_frame: u64, out: &mut [f32]) -> Result<(), HistoryError> {
        let channels = self.format().channels;
        if channel >= channels {
            return Err(HistoryError::NoSuchChannel { channel, channels });
        }
        let available = self.extent().end;
        if first_frame + out.len() as u64 > available {
            return Err(HistoryError::Wait { available });
        }
        for (frame, sample) in (first_frame..).zip(out) {
            *sample = Self::sample(channel, frame);
        }
        Ok(())
    }

    fn gap_total(&self) -> u64 {
        0
    }

    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }

    /// It goes on for as long as this process does.
    fn writer_state(&self) -> Option<WriterState> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Some(WriterState::Open {
            heartbeat_unix_ns: now.map_or(0, |now| now.as_nanos() as u64),
            pid: std::process::id(),
        })
    }
}

fn main() -> AppExit {
    App::new()
        .add_plugins((common::WindowOrPicture, SoundfallPlugins::new(Update)))
        .add_systems(Startup, show_the_sirens)
        .run()
}

fn show_the_sirens(mut commands: Commands) {
    let sirens = Sirens {
        begun: Instant::now(),
    };
    let stream = commands.spawn(Stream::new(Arc::new(sirens), "sirens"));
    let analysis = (Analysis, AnalysisOf(stream.id()));
    let analysis = commands.spawn(analysis).id();
    let both = ViewSettings {
        channels: vec![0, 1],
        ..default()
    };
    commands.spawn((View, ViewOf(analysis), both));
    let eye = Transform::from_xyz(0.0, 12.0, 19.0).looking_at(Vec3::ZERO, Vec3::Y);
    commands.spawn((Camera3d::default(), Tonemapping::None, eye));
}
