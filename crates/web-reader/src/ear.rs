//! The instruments in the worker: one engine, kept from request to request. Never draws a
//! conclusion: it answers with the report as bytes.

use std::ops::Range;

use soundfall_dsp::instruments::{Follower, InstrumentReport};
use soundfall_ring::{Gap, ReadError, RingRead};
use soundfall_web_ring::listen::ListenRequest;
use soundfall_web_ring::request::PAYLOAD_BYTES;

/// The engine, and what it was asked for last.
#[derive(Default)]
pub(crate) struct Ear {
    engine: Option<(Vec<u32>, u32, Follower)>,
    report: InstrumentReport,
}

impl Ear {
    /// Hears a bounded slice towards the end of the request and appends the report to `out`.
    ///
    /// # Errors
    /// [`ReadError::Replaced`] where the instruments cannot be: requests carry checked settings.
    pub(crate) fn listen(
        &mut self,
        ring: &dyn RingRead,
        gaps: &[Gap],
        request: &ListenRequest,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let follower = self.follower(request).ok_or(ReadError::Replaced)?;
        let lost = |frames: &Range<u64>| {
            let gap = gaps.iter().find(|gap| gap.touches(frames))?;
            Some(gap.start_frame..gap.end_frame())
        };
        // The page asks for nothing that is not written; a worker may be asked by anybody.
        let end = request.end_frame.min(ring.written_frames());
        follower.step(end, lost, |slot, start, samples| {
            let past = start + samples.len() as u64;
            let channel = request.channels.get(slot).copied().unwrap_or(u32::MAX);
            ring.read(channel, start, samples)
                .map_err(|error| match error {
                    ReadError::Lapped { resume_at, .. } => resume_at,
                    _ => past,
                })
        });
        let mut report = std::mem::take(&mut self.report);
        if let Some((.., follower)) = &mut self.engine {
            follower.report_into(&mut report);
        }
        let fits = report.encode(PAYLOAD_BYTES as usize, out);
        self.report = report;
        fits.map_err(|_| ReadError::Replaced)
    }

    /// The engine that was there, with what can stay of it, or a new one.
    fn follower(&mut self, request: &ListenRequest) -> Option<&mut Follower> {
        let settings = &request.settings;
        let same = |(channels, ..): &(Vec<u32>, u32, Follower)| *channels == request.channels;
        if !self.engine.as_ref().is_some_and(same) {
            let follower = Follower::new(settings.clone(), request.first_frame).ok()?;
            self.engine = Some((request.channels.clone(), request.restarts, follower));
        }
        let (_, restarts, follower) = self.engine.as_mut()?;
        if follower.settings() != settings {
            follower.change(settings.clone()).ok()?;
        }
        if *restarts != request.restarts {
            *restarts = request.restarts;
            follower.restart();
        }
        Some(follower)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::lab::Lab;
    use soundfall_dsp::instruments::{InstrumentSet, InstrumentSettings};
    use soundfall_dsp::scale::{FrequencyAxis, Scale};
    use soundfall_dsp::stft::StftParams;
    use soundfall_ring::{GapReason, RingFormat, heap_ring};
    use soundfall_web_ring::request::Request;

    #[test]
    fn tones_are_named_over_requests_gaps_and_changes() {
        let format = RingFormat::new(48_000, 2, 96_000, 480).unwrap();
        let (mut writer, ring) = heap_ring(&format, "t").unwrap();
        let axis = FrequencyAxis::new(Scale::Log, 30.0, 20_000.0, 256).unwrap();
        let mut settings = InstrumentSettings::new(StftParams::default(), axis, 48_000, 1);
        settings.wanted = InstrumentSet::ALL;
        let (mut lab, mut out) = (Lab::default(), Vec::new());
        let mut report = InstrumentReport::default();
        for block in 0..100_u64 {
            let samples: Vec<f32> = (0..960)
                .map(|i| {
                    let at = (block * 480 + i / 2) as f64 / 48_000.0;
                    let hz = if i % 2 == 0 { 440.0 } else { 1000.0 };
                    ((at * hz * std::f64::consts::TAU).sin() * 0.25) as f32
                })
                .collect();
            if block == 50 {
                writer.record_gap(24_000, 480, GapReason::DeviceLost);
            }
            writer.write_block(&samples).unwrap();
            let request = Request::Listen(Box::new(ListenRequest {
                end_frame: writer.written_frames(),
                first_frame: 0,
                restarts: 0,
                settings: settings.clone(),
                channels: vec![1],
            }));
            assert_eq!(lab.answer(&*ring, &request, &mut out), Ok(0));
            report = InstrumentReport::decode(&out).unwrap();
            settings.stft.hop_frames = if block < 30 { 512 } else { 256 };
        }
        assert_eq!((report.end_frame, report.lost_frames), (48_000, 480));
        assert_eq!(report.heard_frames, 47_520, "a change forgets nothing");
        let track = report.channels[0].tracks[0];
        assert!((track.hz - 1000.0).abs() < 0.1, "{}", track.hz);
        assert!((report.channels[0].level.unwrap().rms_dbfs + 12.04).abs() < 0.05);
    }
}
