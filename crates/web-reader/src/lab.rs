//! Answers requests from a ring: the worker's whole work, with buffers kept from one to the next.
//! Knows nothing of JavaScript or of how requests travel.

use std::ops::Range;

use soundfall_dsp::envelope::reduce;
use soundfall_dsp::pyramid::BASE_FRAMES;
use soundfall_dsp::rows::{LEVEL_BYTES, RowBench, RowShape};
use soundfall_ring::{Gap, ReadError, RingRead};
use soundfall_web_ring::request::{Request, RowsRequest};

use crate::ear::Ear;

/// Engines of one kind of row.
struct Bench {
    shape: RowShape,
    rows: RowBench,
}

/// Kinds of rows whose engines are kept: the steps of quality, and what was shown before.
const BENCHES: usize = 4;

/// Engines and scratch of one worker.
#[derive(Default)]
pub struct Lab {
    /// The one used last at the end.
    benches: Vec<Bench>,
    samples: Vec<f32>,
    gaps: Vec<Gap>,
    gaps_known: Option<(u64, u64)>,
    ear: Ear,
}

impl Lab {
    /// Answers one request; the payload replaces what is in `out`.
    ///
    /// Rows: little-endian half floats, [mip][channel][row][axis column]. Envelopes: base entries,
    /// [channel][entry] of minimum, maximum and mean square, little-endian f32 each. Instruments:
    /// their report. Returns the columns analysed.
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
            Request::Listen(request) => {
                self.learn_gaps(ring);
                self.ear.listen(ring, &self.gaps, request, out).map(|()| 0)
            }
        }
    }

    fn rows(
        &mut self,
        ring: &dyn RingRead,
        request: &RowsRequest,
        out: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        let at = self.bench(request, ring.format().sample_rate)?;
        let shape = &self.benches[at].shape;
        let columns = &request.span.columns;
        let frames = shape.frames(columns.end - columns.start);
        let channels = request.channels.len() as u64;
        let bytes = request.span.total_rows() * channels * (shape.width() * LEVEL_BYTES) as u64;
        check_frames(ring, frames)?;
        self.learn_gaps(ring);
        let Bench { shape, rows } = &mut self.benches[at];
        let first = request.start_frame;
        self.samples.resize(frames as usize, 0.0);
        out.resize(bytes as usize, 0);
        for (slot, channel) in (0..).zip(&request.channels) {
            ring.read(*channel, first, &mut self.samples)?;
            let is_lost = |frames: Range<u64>| {
                let frames = first + frames.start..first + frames.end;
                self.gaps.iter().any(|gap| gap.touches(&frames))
            };
            let place = (slot, channels);
            rows.rows(shape, &request.span, &self.samples, is_lost, place, out);
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
        check_frames(ring, frames)?;
        self.samples.resize(frames as usize, 0.0);
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

    /// The engines for a request, made where there are none; their index.
    fn bench(&mut self, request: &RowsRequest, rate: u32) -> Result<usize, ReadError> {
        let fits = |bench: &Bench| {
            bench.shape.stft == request.stft
                && bench.shape.axis == request.axis
                && bench.shape.sample_rate == rate
        };
        let bench = match self.benches.iter().position(fits) {
            Some(at) => self.benches.remove(at),
            None => Bench {
                shape: RowShape::new(request.stft, request.axis, rate),
                // Requests carry checked parameters: there is always a bench.
                rows: RowBench::new(&request.stft).map_err(|_| ReadError::Replaced)?,
            },
        };
        if self.benches.len() >= BENCHES {
            self.benches.remove(0);
        }
        self.benches.push(bench);
        Ok(self.benches.len() - 1)
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
fn check_frames(ring: &dyn RingRead, frames: u64) -> Result<(), ReadError> {
    let readable = ring.format().readable_frames();
    if frames > readable {
        return Err(ReadError::TooLong { frames, readable });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use soundfall_dsp::rows::RowSpan;
    use soundfall_dsp::scale::{FrequencyAxis, Scale};
    use soundfall_dsp::stft::StftParams;
    use soundfall_dsp::window::Window;
    use soundfall_ring::{GapReason, RingFormat, heap_ring};

    fn request(start_frame: u64) -> RowsRequest {
        RowsRequest {
            start_frame,
            span: RowSpan {
                columns: start_frame / 64..start_frame / 64 + 6,
                mips: 0..2,
                every: 1,
            },
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
        let shape = RowShape::new(asked.stft, asked.axis, 48_000);
        let mut expected = vec![0; 2 * (6 + 3) * 64 * LEVEL_BYTES];
        let mut bench = RowBench::new(&asked.stft).unwrap();
        for (slot, channel) in [(0, 1), (1, 0)] {
            let samples = &planes[channel][128..128 + shape.frames(6) as usize];
            let place = (slot, 2);
            bench.rows(
                &shape,
                &asked.span,
                samples,
                |_| false,
                place,
                &mut expected,
            );
        }
        assert_eq!(out, expected);

        writer.record_gap(130, 10, GapReason::DeviceLost);
        lab.answer(&*ring, &Request::Rows(asked), &mut out).unwrap();
        assert_ne!(out, expected, "the first column is a hole now");
        let row = 64 * LEVEL_BYTES;
        assert_eq!(out[row..6 * row], expected[row..6 * row]);
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
