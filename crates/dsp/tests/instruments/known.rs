//! Signals whose readings are known, and how much work is done for them.

use soundfall_dsp::instruments::{Instrument, InstrumentSet};
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_dsp::stft::StftParams;
use soundfall_dsp::window::Window;

use super::{COLUMNS, RATE, settings, whole};

#[test]
fn known_signals_read_what_they_are() {
    // Two channels, the second one turned over and 6.02 dB softer, full scale on the first.
    let sine = |i: usize| (std::f64::consts::TAU * 997.0 * i as f64 / 48_000.0).sin();
    let left: Vec<f32> = (0..5 * 48_000).map(|i| sine(i) as f32).collect();
    let right: Vec<f32> = left.iter().map(|x| -0.5 * x).collect();
    let report = whole(settings(2, InstrumentSet::ALL), &[left, right]);
    let near = |a: f32, b: f64, tolerance: f64| {
        assert!((f64::from(a) - b).abs() < tolerance, "{a}, not {b}");
    };
    let level = |channel: usize| report.channels[channel].level.unwrap();
    near(level(0).peak_dbfs, 0.0, 0.05);
    near(level(0).rms_dbfs, 0.0, 0.02);
    near(level(1).rms_dbfs, -6.02, 0.02);
    assert!(level(0).clipped && !level(1).clipped);
    let track = report.channels[0].tracks[0];
    assert!((track.hz - 997.0).abs() < 0.05, "{}", track.hz);
    near(track.dbfs, 0.0, 0.05);
    assert_eq!(report.channels[0].tracks.len(), 1);
    let pair = report.pair.as_ref().unwrap();
    near(pair.correlation.unwrap(), -1.0, 1e-3);
    near(pair.balance_db.unwrap(), -6.02, 0.02);
    // A 0 dBFS sine of 997 Hz in one channel reads -3.01 LUFS; the other adds a quarter of it.
    let loudness = report.loudness.unwrap();
    let expected = -3.01 + 10.0 * 1.25f64.log10();
    near(loudness.momentary_lufs.unwrap(), expected, 0.1);
    near(loudness.short_term_lufs.unwrap(), expected, 0.1);
    near(loudness.integrated_lufs.unwrap(), expected, 0.1);
    near(loudness.true_peak_dbtp, 0.0, 0.3);
    let axis = settings(2, InstrumentSet::ALL).axis;
    let column = axis.bin(997.0).unwrap();
    // A column narrower than a bin shows the curve between two bins, up to 1.42 dB lower.
    near(report.channels[1].average_dbfs[column], -6.8, 0.8);
    near(report.channels[1].hold_dbfs[column], -6.8, 0.8);
    let coherence = report.coherence.unwrap();
    assert_eq!(coherence.coherence[COLUMNS + column], 255);
}

/// A click is in the held maxima wherever it falls, however short the window is.
#[test]
fn no_click_is_missed_by_the_held_maxima() {
    for size in [64, 512, 2048, 8192] {
        for rate in [RATE, 192_000] {
            let mut asked = settings(1, InstrumentSet::NONE.with(Instrument::Hold));
            asked.sample_rate = rate;
            asked.stft = StftParams::new(Window::Hann, size, size / 4).unwrap();
            // The lowest bin has half the amplitude of the others.
            let low = f64::from(rate) / size as f64 * 2.0;
            asked.axis = FrequencyAxis::new(Scale::Log, low, 20_000.0, COLUMNS).unwrap();
            // Where two neighbouring windows meet at half of the middle's height.
            let level = 20.0 * (2.0 / (size as f64 / 2.0)).log10() - 6.1;
            for at in [size * 2, size * 2 + 1, size * 3 + size / 3] {
                let mut x = vec![0.0; size * 8];
                x[at] = 1.0;
                let report = whole(asked.clone(), &[x]);
                for held in &report.channels[0].hold_dbfs {
                    assert!(f64::from(*held) > level, "{size} {rate} {at}: {held}");
                }
            }
        }
    }
}

#[test]
fn work_is_bounded_at_high_rates() {
    let mut asked = settings(1, InstrumentSet::ALL);
    asked.sample_rate = 192_000;
    assert_eq!(asked.hop_frames(), 1024);
    assert_eq!(asked.columns_per_finding(), 4);
    asked.stft.hop_frames = 64;
    assert_eq!(asked.hop_frames(), 1024);
    asked.stft.hop_frames = 9000;
    assert_eq!(asked.hop_frames(), 9000);
    // Narrow windows overlap more.
    asked.stft = StftParams::new(Window::FlatTop, 2048, 128).unwrap();
    assert_eq!(asked.hop_frames(), 512);
    assert_eq!(asked.columns_per_finding(), 8);
}
