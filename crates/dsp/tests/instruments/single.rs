//! Every finding is that of the single engine.

use soundfall_dsp::average::{MaxHold, PowerAverage};
use soundfall_dsp::coherence::CoherenceMeter;
use soundfall_dsp::instruments::{Instrument, InstrumentError, InstrumentSet, Instruments};
use soundfall_dsp::meter::{LevelMeter, LoudnessMeter, Role};
use soundfall_dsp::peaks::{PeakFinder, PeakTracker, TrackParams};
use soundfall_dsp::scale::{BinMap, FrequencyAxis, Scale};
use soundfall_dsp::stereo::{CorrelationMeter, goniometer};
use soundfall_dsp::stft::Stft;

use super::{COLUMNS, RATE, settings, sound, whole};

#[test]
fn findings_in_columns_are_those_of_the_single_engines() {
    let (sound, settings) = (sound(3), settings(3, InstrumentSet::ALL));
    let report = whole(settings.clone(), &sound);
    let (hop, stft) = (settings.hop_frames(), settings.stft);
    assert_eq!((hop, settings.columns_per_finding()), (1024, 1));
    let rate = f64::from(RATE);
    let map = BinMap::new(&settings.axis, rate, stft.fft_size);
    for (channel, samples) in sound.iter().enumerate() {
        let mut engine = Stft::new(&stft).unwrap();
        let mut finder = PeakFinder::new(&stft, rate, settings.peaks).unwrap();
        let mut tracking = TrackParams::for_bins(finder.bin_hz());
        tracking.hold_columns += 2;
        let mut tracker = PeakTracker::new(tracking);
        let mut average = PowerAverage::new(stft.bins(), 1.0);
        let mut hold = MaxHold::new(stft.bins());
        let (mut column, mut peaks) = (vec![0.0; stft.bins()], Vec::new());
        for (index, frames) in samples.windows(2048).step_by(hop).enumerate() {
            engine.column(frames, &mut column);
            finder.find(&column, &mut peaks);
            tracker.push(index as u64, &peaks);
            average.push(&column, hop as f64 / rate);
            hold.push(&column, hop as f64 / rate);
        }
        let ours = &report.channels[channel];
        let mut theirs: Vec<_> = tracker.confirmed().collect();
        theirs.sort_by(|a, b| b.peak.dbfs.total_cmp(&a.peak.dbfs));
        assert_eq!(ours.tracks.len(), theirs.len().min(32));
        for (a, b) in ours.tracks.iter().zip(theirs) {
            assert_eq!((a.id, a.hz), (b.id, b.peak.hz));
            assert_eq!(a.since_frame, b.first_column * hop as u64);
        }
        let mut expected = vec![0.0; COLUMNS];
        average.levels(&mut column);
        map.apply(&column, &mut expected);
        assert_eq!(ours.average_dbfs, expected);
        map.apply(hold.levels(), &mut expected);
        assert_eq!(ours.hold_dbfs, expected);
    }
}

#[test]
fn meters_are_those_of_the_single_engines() {
    let (sound, settings) = (sound(2), settings(2, InstrumentSet::ALL));
    let report = whole(settings, &sound);
    let rate = f64::from(RATE);
    for (channel, samples) in sound.iter().enumerate() {
        let mut meter = LevelMeter::new(rate, 0.3);
        meter.push(samples);
        let level = report.channels[channel].level.unwrap();
        assert_eq!(level.peak_dbfs, meter.peak_dbfs() as f32);
        assert_eq!(level.rms_dbfs, meter.rms_dbfs() as f32);
        assert_eq!(level.held_dbfs, meter.highest_dbfs() as f32);
        assert_eq!((level.clipped, level.overs), (false, 0));
    }
    let mut loudness = LoudnessMeter::new(RATE, &Role::usual(2)).unwrap();
    loudness.push(&[&sound[0], &sound[1]]);
    let ours = report.loudness.unwrap();
    assert_eq!(
        ours.momentary_lufs,
        loudness.momentary_lufs().map(|x| x as f32)
    );
    assert_eq!(
        ours.integrated_lufs,
        loudness.integrated_lufs().map(|x| x as f32)
    );
    assert_eq!(ours.short_term_lufs, None, "it has heard a second only");
    assert_eq!(
        ours.true_peak_dbtp,
        loudness.highest_true_peak_dbtp() as f32
    );
    let mut pair = CorrelationMeter::new(rate, 0.4);
    pair.push(&sound[0], &sound[1]);
    let ours = report.pair.unwrap();
    assert_eq!(ours.correlation, pair.correlation().map(|x| x as f32));
    assert_eq!(ours.balance_db, pair.balance_db().map(|x| x as f32));
    let newest = |channel: usize| &sound[channel][RATE as usize - 2400..];
    let mut points = vec![[0.0; 2]; 512];
    assert_eq!(goniometer(newest(0), newest(1), &mut points), 512);
    assert_eq!(ours.points, points);
}

#[test]
fn coherence_is_that_of_the_single_engine_folded_onto_the_axis() {
    let (sound, mut settings) = (sound(3), settings(3, InstrumentSet::ALL));
    settings.reference = 1;
    // Columns of one bin each, with the bin in the middle.
    let width = f64::from(RATE) / 2048.0;
    settings.axis = FrequencyAxis::new(Scale::Linear, 9.5 * width, 109.5 * width, 100).unwrap();
    let ours = whole(settings.clone(), &sound).coherence.unwrap();
    let mut stft = settings.stft;
    stft.hop_frames = settings.hop_frames();
    let mut meter = CoherenceMeter::new(&stft, f64::from(RATE), 3, 1, 1.0).unwrap();
    let frames = RATE as usize;
    for start in (0..=frames - 2048).step_by(1024) {
        let part = |channel: usize| &sound[channel][start..start + 2048];
        meter.push(&[part(0), part(1), part(2)]);
    }
    assert_eq!(ours.reference, 1);
    assert_eq!(ours.segments, meter.effective_segments() as f32);
    let mut bins = vec![0.0; 1025];
    for channel in 0..3 {
        meter.coherence(channel, &mut bins);
        let row = &ours.coherence[channel * 100..][..100];
        for (ours, bin) in row.iter().zip(&bins[10..110]) {
            assert!((f32::from(*ours) / 255.0 - bin).abs() <= 0.5 / 255.0 + 1e-6);
        }
    }
}

#[test]
fn what_is_not_wanted_is_not_there() {
    for one in Instrument::ALL {
        let report = whole(settings(2, InstrumentSet::NONE.with(one)), &sound(2));
        let channel = &report.channels[1];
        assert_eq!(!channel.tracks.is_empty(), one == Instrument::Peaks);
        assert_eq!(!channel.average_dbfs.is_empty(), one == Instrument::Average);
        assert_eq!(!channel.hold_dbfs.is_empty(), one == Instrument::Hold);
        assert_eq!(channel.level.is_some(), one == Instrument::Meters);
        assert_eq!(report.loudness.is_some(), one == Instrument::Loudness);
        assert_eq!(report.pair.is_some(), one == Instrument::Stereo);
        assert_eq!(report.coherence.is_some(), one == Instrument::Coherence);
    }
    let mono = whole(settings(1, InstrumentSet::ALL), &sound(1));
    assert!(mono.pair.is_none() && mono.coherence.is_none() && mono.loudness.is_some());
}

#[test]
fn impossible_settings_are_refused() {
    let all = InstrumentSet::ALL;
    let refused = |settings| Instruments::new(settings).unwrap_err();
    assert_eq!(refused(settings(0, all)), InstrumentError::NoChannels);
    let mut bad = settings(2, all);
    bad.reference = 2;
    assert!(matches!(refused(bad), InstrumentError::Coherence(_)));
    let mut bad = settings(2, all);
    bad.pair = Some((0, 7));
    assert!(refused(bad).to_string().contains("channel 7 of the pair"));
    let mut bad = settings(2, all);
    bad.stft.window_size = 3;
    assert!(matches!(refused(bad), InstrumentError::Stft(_)));
    let mut bad = settings(2, all);
    bad.stft.hop_frames = (1 << 20) + 1;
    assert_eq!(refused(bad), InstrumentError::Hop((1 << 20) + 1));
}

/// A rate without loudness is no reason against the other instruments.
#[test]
fn below_4_khz_everything_but_loudness_is_measured() {
    let mut settings = settings(2, InstrumentSet::ALL);
    settings.sample_rate = 2000;
    settings.axis = FrequencyAxis::new(Scale::Log, 30.0, 1000.0, COLUMNS).unwrap();
    let why = settings.no_loudness().unwrap().to_string();
    assert!(why.contains("2000 Hz") && why.contains("4 kHz"), "{why}");
    let report = whole(settings, &sound(2));
    assert_eq!(report.loudness, None);
    let channel = &report.channels[0];
    assert!(channel.level.unwrap().rms_dbfs > -10.0);
    assert!(!channel.average_dbfs.is_empty() && !channel.hold_dbfs.is_empty());
    assert!(report.pair.is_some() && report.coherence.is_some());
}

/// What a report says does not depend on how often somebody asked before.
#[test]
fn totals_are_those_of_the_moment_of_the_report() {
    let (sound, settings) = (sound(2), settings(2, InstrumentSet::ALL));
    let (mut asked, mut silent) = (
        Instruments::new(settings.clone()).unwrap(),
        Instruments::new(settings).unwrap(),
    );
    for round in 0..4 {
        for part in 0..20 {
            let frames = part * 2400..(part + 1) * 2400;
            let first = (round * RATE as usize + frames.start) as u64;
            let samples = super::planar(&sound, frames);
            asked.push(first, &samples);
            silent.push(first, &samples);
            let _ = asked.report();
        }
    }
    let (asked, silent) = (asked.report().loudness, silent.report().loudness);
    assert_eq!(asked, silent);
    assert!(silent.unwrap().integrated_lufs.is_some() && silent.unwrap().range_lu.is_some());
}
