//! What the findings beside the spectrum cost, each against the STFT column it goes with: peaks and
//! tracks, averages, coherence, correlation, meters; and what all of them cost together, as a share
//! of one core. Never measures drawing.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;
use std::time::Instant;

use soundfall_benches::turn_by_turn;
use soundfall_dsp::average::{MaxHold, PowerAverage};
use soundfall_dsp::coherence::CoherenceMeter;
use soundfall_dsp::instruments::{
    Instrument, InstrumentReport, InstrumentSet, InstrumentSettings, Instruments,
};
use soundfall_dsp::meter::{LevelMeter, LoudnessMeter, Role};
use soundfall_dsp::peaks::{PeakFinder, PeakParams, PeakTracker, TrackParams};
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_dsp::stereo::{CorrelationMeter, goniometer};
use soundfall_dsp::stft::{Stft, StftParams};

const RATE: f64 = 48_000.0;

/// A chord of forty partials over noise, one second.
fn chord() -> Vec<f32> {
    let mut state = 1u32;
    (0..48_000)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = state as i32 as f32 / 2_147_483_648.0 * 1e-3;
            let partial = |k: u16| {
                let hz = 110.0 * f64::from(k);
                ((f64::from(i) * hz / RATE * std::f64::consts::TAU).sin() / f64::from(k)) as f32
            };
            noise + 0.2 * (1..=40).map(partial).sum::<f32>()
        })
        .collect()
}

fn main() {
    let samples = chord();
    let params = StftParams::default();
    let hop = params.hop_frames;
    let mut stft = Stft::new(&params).unwrap();
    let mut column = vec![0.0; stft.bins()];
    stft.column(&samples, &mut column);
    let levels = column.clone();
    let mut against = |name: &str, ours: &mut dyn FnMut()| {
        let limit = || stft.column(black_box(&samples), black_box(&mut column));
        println!("{name:<34} {}", turn_by_turn(limit, ours));
    };

    println!("Against one STFT column of 2048 (hop 512, one channel):");
    let mut finder = PeakFinder::new(&params, RATE, PeakParams::default()).unwrap();
    let mut peaks = Vec::new();
    finder.find(&levels, &mut peaks);
    let name = format!("{} peaks", peaks.len());
    against(&name, &mut || finder.find(black_box(&levels), &mut peaks));
    let mut tracker = PeakTracker::new(TrackParams::for_bins(finder.bin_hz()));
    let mut index = 0;
    against("  joined to tracks", &mut || {
        tracker.push(index, black_box(&peaks));
        index += 1;
    });
    let mut average = PowerAverage::new(levels.len(), 1.0);
    against("exponential average", &mut || {
        average.push(black_box(&levels), 0.01);
    });
    let mut out = vec![0.0; levels.len()];
    against("  read in dB", &mut || average.levels(black_box(&mut out)));
    let mut hold = MaxHold::falling(levels.len(), 1.0, 20.0);
    against("max hold", &mut || hold.push(black_box(&levels), 0.01));
    let mut meter = CoherenceMeter::new(&params, RATE, 8, 0, 1.0).unwrap();
    let segments = vec![samples.as_slice(); 8];
    against("coherence of 8 channels to one", &mut || {
        meter.push(black_box(&segments));
    });

    println!("A hop of 512 frames, against the same column:");
    let block = &samples[..hop];
    let mut meter = LevelMeter::new(RATE, 0.3);
    against("peak and RMS", &mut || meter.push(black_box(block)));
    let mut meter = LoudnessMeter::new(48_000, &Role::usual(2)).unwrap();
    against("loudness and true peak, stereo", &mut || {
        meter.push(black_box(&[block, block]));
    });
    let mut meter = CorrelationMeter::new(RATE, 0.3);
    against("correlation of a pair", &mut || {
        meter.push(black_box(block), black_box(block));
    });
    let mut points = vec![[0.0; 2]; 256];
    against("goniometer, 256 points", &mut || {
        goniometer(black_box(block), block, black_box(&mut points));
    });

    println!("The engine of all instruments, as a share of one core:");
    for (channels, rate) in [(2, 48_000), (8, 48_000), (64, 192_000)] {
        let share = |wanted| instruments_share(&samples, channels, rate, wanted) * 100.0;
        let parts: Vec<String> = Instrument::ALL
            .into_iter()
            .map(|one| {
                let part = share(InstrumentSet::NONE.with(one));
                format!("{} {part:.2} %", one.name())
            })
            .collect();
        let all = share(InstrumentSet::ALL);
        println!(
            "{channels} channels at {rate} Hz: all {all:.2} % ({})",
            parts.join(", ")
        );
    }
}

/// Seconds that a second of sound takes, with sixty reports.
fn instruments_share(samples: &[f32], channels: usize, rate: u32, wanted: InstrumentSet) -> f64 {
    let axis = FrequencyAxis::new(Scale::Log, 30.0, 20_000.0, 256).unwrap();
    let mut settings = InstrumentSettings::new(StftParams::default(), axis, rate, channels);
    settings.wanted = wanted;
    let mut instruments = Instruments::new(settings).unwrap();
    let frames = rate as usize / 60;
    let planar: Vec<f32> = (0..channels)
        .flat_map(|channel| samples[channel * 100..][..frames].iter().copied())
        .collect();
    let mut report = InstrumentReport::default();
    let mut frame = |next: u64| {
        instruments.push(next * frames as u64, black_box(&planar));
        instruments.report_into(black_box(&mut report));
    };
    (0..30).for_each(&mut frame);
    let mut turns: Vec<f64> = (0..10)
        .map(|turn| {
            let start = Instant::now();
            (30 + turn * 6..36 + turn * 6).for_each(&mut frame);
            start.elapsed().as_secs_f64() * 10.0
        })
        .collect();
    turns.sort_by(f64::total_cmp);
    turns[1]
}
