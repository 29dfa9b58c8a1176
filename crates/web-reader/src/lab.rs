//! Answers requests from a ring: the worker's whole work, with buffers kept from one to the next.
//! Knows nothing of JavaScript or of how requests travel.

use std::ops::Range;
use std::sync::Arc;

use soundfall_dsp::envelope::reduce;
use soundfall_dsp::pyramid::BASE_FRAMES;
use soundfall_dsp::rows::{RowBench, RowShape};
use soundfall_dsp::scale::{BinMap, FrequencyAxis};
use soundfall_ring::{Gap, ReadError, RingRead};
use soundfall_web_ring::request::{Request, RowsRequest};

/// Engines and scratch of one worker.
#[derive(Default)]
pub struct Lab {
    bench: Option<RowBench>,
    map: Option<(FrequencyAxis, u32, usize, Arc<BinMap>)>,
    samples: Vec<f32>,
    gaps: Vec<Gap>,
    gaps_known: Option<(u64, u64)>,
}

impl Lab {
    /// Answers one request; the payload replaces what is in `out`.
    ///
    /// Rows: little-endian half floats, [channel][row][axis column]. Envelopes: base entries,
    /// [channel][entry] of minimum, maximum and mean square, little-endian f32 each. Returns the
    /// columns analysed.
    ///
    /// # Errors
    /// As the ring's; `out` then holds nothing of use.
    pub fn answer(
        &mut self,
        ring: &dyn RingRead,
        request: &Request,
        out: &mut Vec<u8>,
    ) -> Result<u64, ReadError> {
        out.clear();
        match request {
            Request::Rows(rows) => self.rows(ring, rows, out).map(|()| rows.columns()),
            Request::Envelopes {
                start_frame,
                frames,
                channels,
            } => self
                .envelopes(ring, *start_frame, *frames, channels, out)
                .map(|()| 0),
        }
    }

    fn rows(
        &mut self,
        ring: &dyn RingRead,
        request: &RowsRequest,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let shape = RowShape {
            stft: request.stft,
            columns_per_row: request.columns_per_row,
            bin_map: self.bin_map(request, ring.format().sample_rate),
        };
        let frames = shape.frames(request.rows);
        check_frames(ring, frames)?;
        self.learn_gaps(ring);
        if self
            .bench
            .as_ref()
            .is_none_or(|bench| *bench.params() != request.stft)
        {
            self.bench = RowBench::new(&request.stft).ok();
        }
        // Requests carry checked parameters: there is always a bench.
        let Some(bench) = &mut self.bench else {
            return Err(ReadError::Replaced);
        };
        let first = request.start_frame;
        self.samples.resize(frames, 0.0);
        for channel in &request.channels {
            ring.read(*channel, first, &mut self.samples)?;
            let is_lost = |frames: Range<u64>| {
                let frames = first + frames.start..first + frames.end;
                self.gaps.iter().any(|gap| gap.touches(&frames))
            };
            bench.rows(&shape, &self.samples, is_lost, out);
        }
        Ok(())
    }

    fn envelopes(
        &mut self,
        ring: &dyn RingRead,
        start_frame: u64,
        frames: u64,
        channels: &[u32],
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let frames = usize::try_from(frames).unwrap_or(usize::MAX);
        check_frames(ring, frames)?;
        self.samples.resize(frames, 0.0);
        for channel in channels {
            ring.read(*channel, start_frame, &mut self.samples)?;
            for base in self.samples.chunks_exact(BASE_FRAMES as usize) {
                let entry = reduce(base);
                for value in [entry.min, entry.max, entry.mean_square] {
                    out.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    fn bin_map(&mut self, request: &RowsRequest, rate: u32) -> Arc<BinMap> {
        let fft = request.stft.fft_size;
        if let Some((axis, known_rate, size, map)) = &self.map
            && *axis == request.axis
            && *known_rate == rate
            && *size == fft
        {
            return map.clone();
        }
        let map = Arc::new(BinMap::new(&request.axis, f64::from(rate), fft));
        self.map = Some((request.axis, rate, fft, map.clone()));
        map
    }

    fn learn_gaps(&mut self, ring: &dyn RingRead) {
        let now = (ring.epoch(), ring.gap_total());
        if self.gaps_known != Some(now) {
            self.gaps_known = Some(now);
            self.gaps = ring.gaps();
        }
    }
}

/// Refuses what no ring can give before memory is taken for it.
fn check_frames(ring: &dyn RingRead, frames: usize) -> Result<(), ReadError> {
    let readable = ring.format().readable_frames();
    if frames as u64 > readable {
        return Err(ReadError::TooLong {
            frames: frames as u64,
            readable,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use soundfall_dsp::scale::Scale;
    use soundfall_dsp::stft::StftParams;
    use soundfall_dsp::window::Window;
    use soundfall_ring::{GapReason, RingFormat, heap_ring};

    fn request(start_frame: u64) -> RowsRequest {
        RowsRequest {
            start_frame,
            rows: 3,
            columns_per_row: 2,
            stft: StftParams::new(Window::Hann, 256, 64).unwrap(),
            axis: FrequencyAxis::new(Scale::Log, 50.0, 20_000.0, 64).unwrap(),
            channels: vec![1, 0],
        }
    }

    #[test]
    fn rows_are_those_of_the_bench_and_gaps_are_holes() {
        let format = RingFormat::new(48_000, 2, 8192, 64).unwrap();
        let (mut writer, ring) = heap_ring(&format, "t").unwrap();
        let mut planes = [Vec::new(), Vec::new()];
        for block in 0..40 {
            let samples: Vec<f32> = (0..128)
                .map(|i| ((block * 128 + i) as f32 * 0.1).sin() * 0.3)
                .collect();
            for frame in samples.chunks(2) {
                planes[0].push(frame[0]);
                planes[1].push(frame[1]);
            }
            writer.write_block(&samples).unwrap();
        }
        let (mut lab, mut out) = (Lab::default(), Vec::new());
        let asked = request(128);
        let columns = lab.answer(&*ring, &Request::Rows(asked.clone()), &mut out);
        assert_eq!(columns, Ok(12));
        let shape = RowShape {
            stft: asked.stft,
            columns_per_row: 2,
            bin_map: Arc::new(BinMap::new(&asked.axis, 48_000.0, 256)),
        };
        let mut expected = Vec::new();
        let mut bench = RowBench::new(&asked.stft).unwrap();
        for channel in [1, 0] {
            let samples = &planes[channel][128..128 + shape.frames(3)];
            bench.rows(&shape, samples, |_| false, &mut expected);
        }
        assert_eq!(out, expected);

        writer.record_gap(130, 10, GapReason::DeviceLost);
        lab.answer(&*ring, &Request::Rows(asked), &mut out).unwrap();
        assert_ne!(out, expected, "the first row is a hole now");
        assert_eq!(
            out[shape.row_bytes()..2 * shape.row_bytes()],
            expected[shape.row_bytes()..2 * shape.row_bytes()]
        );
    }

    #[test]
    fn envelopes_are_the_base_entries() {
        let format = RingFormat::new(48_000, 1, 8192, 64).unwrap();
        let (mut writer, ring) = heap_ring(&format, "t").unwrap();
        for block in 0..10 {
            let mut samples = [0.0; 64];
            samples[block] = 0.5;
            samples[63] = -0.25;
            writer.write_block(&samples).unwrap();
        }
        let mut out = Vec::new();
        let asked = Request::Envelopes {
            start_frame: 64,
            frames: 128,
            channels: vec![0],
        };
        assert_eq!(Lab::default().answer(&*ring, &asked, &mut out), Ok(0));
        let values: Vec<f32> = out
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        let mean = (0.25 + 0.0625) / 64.0;
        assert_eq!(values, [-0.25, 0.5, mean, -0.25, 0.5, mean]);
        let beyond = Request::Envelopes {
            start_frame: 0,
            frames: 1 << 50,
            channels: vec![0],
        };
        assert!(Lab::default().answer(&*ring, &beyond, &mut out).is_err());
    }
}
