//! What the page wants the instruments in the worker to hear, as plain numbers. Never holds samples.

use soundfall_dsp::{
    instruments::{InstrumentSet, InstrumentSettings},
    peaks::PeakParams,
    scale::FrequencyAxis,
    stft::StftParams,
};

use crate::request::{SCALES, channels, window_numbers, window_of};

/// Instruments hear on. The engine lives in the worker and knows where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenRequest {
    /// Towards this frame.
    pub end_frame: u64,
    /// Where a new engine begins.
    pub first_frame: u64,
    /// All measurements start anew when it changes.
    pub restarts: u32,
    /// How they measure.
    pub settings: InstrumentSettings,
    /// Ring channels.
    pub channels: Vec<u32>,
}

/// No pair, or maxima that never fall.
const NONE: f64 = -1.0;

/// The numbers, but for the channels.
pub(crate) fn numbers(request: &ListenRequest) -> Vec<f64> {
    let settings = &request.settings;
    let (kind, parameter) = window_numbers(settings.stft.window);
    let scale = SCALES
        .iter()
        .position(|scale| *scale == settings.axis.scale());
    let pair = settings
        .pair
        .map_or((NONE, NONE), |(left, right)| (left as f64, right as f64));
    vec![
        request.end_frame as f64,
        request.first_frame as f64,
        f64::from(request.restarts),
        f64::from(settings.sample_rate),
        kind,
        parameter,
        settings.stft.window_size as f64,
        settings.stft.hop_frames as f64,
        settings.stft.fft_size as f64,
        scale.unwrap_or(0) as f64,
        settings.axis.min_hz(),
        settings.axis.max_hz(),
        settings.axis.bins() as f64,
        pair.0,
        pair.1,
        settings.reference as f64,
        settings.average_secs,
        settings.hold_fall_db_per_sec.unwrap_or(NONE),
        f64::from(settings.peaks.threshold_dbfs),
        f64::from(settings.peaks.prominence_db),
        settings.peaks.max_peaks as f64,
        f64::from(settings.wanted.bits()),
    ]
}

/// The request in the numbers; `None` where they are none.
pub(crate) fn read(words: &mut impl Iterator<Item = f64>) -> Option<ListenRequest> {
    let (end_frame, first_frame) = (words.next()? as u64, words.next()? as u64);
    let (restarts, sample_rate) = (words.next()? as u32, words.next()? as u32);
    let window = window_of(words.next()?, words.next()?)?;
    let (size, hop, padded) = (words.next()?, words.next()?, words.next()?);
    let stft = StftParams::new(window, size as usize, hop as usize)
        .and_then(|stft| stft.padded_to(padded as usize))
        .ok()?;
    let scale = *SCALES.get(words.next()? as usize)?;
    let (min_hz, max_hz, columns) = (words.next()?, words.next()?, words.next()?);
    let axis = FrequencyAxis::new(scale, min_hz, max_hz, columns as usize).ok()?;
    let (left, right, reference) = (words.next()?, words.next()?, words.next()?);
    let (average_secs, fall) = (words.next()?, words.next()?);
    let peaks = PeakParams {
        threshold_dbfs: words.next()? as f32,
        prominence_db: words.next()? as f32,
        max_peaks: words.next()? as usize,
    };
    let wanted = InstrumentSet::from_bits(words.next()? as u8);
    let channels = channels(words)?;
    let mut settings = InstrumentSettings::new(stft, axis, sample_rate, channels.len());
    settings.pair = (left >= 0.0 && right >= 0.0).then_some((left as usize, right as usize));
    settings.reference = reference as usize;
    settings.average_secs = average_secs;
    settings.hold_fall_db_per_sec = (fall >= 0.0).then_some(fall);
    settings.peaks = peaks;
    settings.wanted = wanted;
    settings.check().ok()?;
    Some(ListenRequest {
        end_frame,
        first_frame,
        restarts,
        settings,
        channels,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::request::{HEAD, Request, decode, encode};
    use soundfall_dsp::{scale::Scale, window::Window};

    #[test]
    fn a_request_comes_back_as_it_was() {
        let stft = StftParams::new(Window::Kaiser(8.6), 4096, 100).unwrap();
        let axis = FrequencyAxis::new(Scale::Bark, 30.0, 20_000.0, 256).unwrap();
        let mut settings = InstrumentSettings::new(stft, axis, 192_000, 64);
        settings.wanted = InstrumentSet::ALL;
        settings.reference = 63;
        for (pair, fall) in [(Some((5, 2)), Some(12.5)), (None, None)] {
            settings.pair = pair;
            settings.hold_fall_db_per_sec = fall;
            let request = Request::Listen(Box::new(ListenRequest {
                end_frame: 1 << 45,
                first_frame: 77,
                restarts: 3,
                settings: settings.clone(),
                channels: (100..164).collect(),
            }));
            assert_eq!(decode(&encode(9, &request)).unwrap(), (9, request));
        }
    }

    #[test]
    fn nonsense_is_no_request() {
        for value in [0.0, 1.0, 3.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut words = [value; HEAD];
            words[1] = 3.0;
            assert!(decode(&words).is_none(), "{value}");
        }
        assert!(decode(&[1.0, 3.0]).is_none());
    }
}
