//! Coded sound: a container, its packets and their decoder.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_FLAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as CodecError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;

use super::{FileError, MAX_HOLE, Step};

/// A file of coded sound and the packet reached in it.
pub(super) struct Coded {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    place: Place,
    /// Frames decoded before the one that is wanted, so that it comes out as if all before it were.
    lead_in: i64,
    /// Ticks of the container per second.
    ticks: Option<u32>,
    /// The tick of frame 0, from the first packet that gave sound on.
    origin: Option<i64>,
}

/// Frames that a decoder needs to forget where it began: those of the packets that overlap, and for MPEG layer III
/// the ones whose bytes may hold a part of the packet.
fn lead_in(codec: AudioCodecId) -> i64 {
    match codec {
        CODEC_ID_MP1 | CODEC_ID_MP2 | CODEC_ID_MP3 => 12 * 1152,
        CODEC_ID_AAC => 4 * 1024,
        CODEC_ID_VORBIS => 4 * 8192,
        _ => 0,
    }
}

/// Where the packets of a file stand, for formats that number their frames.
#[derive(Default)]
struct Place {
    /// The format numbers its frames.
    exact: bool,
    /// Number of the frame that is due.
    due: Option<i64>,
    /// A packet from beyond a hole.
    held: Option<Packet>,
}

impl Place {
    /// Frames that are missing before this packet, which is then held back. The reader skips what it cannot parse
    /// without an error.
    fn hole_before(&mut self, packet: &Packet) -> Option<u64> {
        let start = packet.pts.get();
        let due = self.due.unwrap_or(start);
        if self.exact && start > due {
            let part = start.saturating_sub(due).min(MAX_HOLE as i64);
            self.due = Some(due + part);
            return Some(part as u64);
        }
        let frames = i64::try_from(packet.dur.get()).unwrap_or(i64::MAX);
        self.due = Some(start.saturating_add(frames));
        None
    }
}

impl Coded {
    /// Opens the file and finds its decoder; its length in frames beside it, as the file states it.
    pub(super) fn open(path: &Path, file: File) -> Result<(Self, Option<u64>), FileError> {
        let at = || path.to_path_buf();
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let format = guarded(|| {
            symphonia::default::get_probe().probe(
                &hint,
                stream,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
        })
        .map_err(|failure| FileError::Unrecognised {
            path: at(),
            message: failure.to_string(),
        })?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or_else(|| FileError::NoAudio { path: at() })?;
        let params = track.codec_params.as_ref().and_then(|p| p.audio());
        let params = params.ok_or_else(|| FileError::NoAudio { path: at() })?;
        let decoder = guarded(|| {
            symphonia::default::get_codecs()
                .make_audio_decoder(params, &AudioDecoderOptions::default())
        })
        .map_err(|failure| FileError::UnsupportedCodec {
            path: at(),
            message: failure.to_string(),
        })?;
        let place = Place {
            exact: params.codec == CODEC_ID_FLAC,
            ..Place::default()
        };
        let (lead_in, total_frames) = (lead_in(params.codec), track.num_frames);
        let ticks = track.time_base.filter(|base| base.numer.get() == 1);
        let ticks = ticks.map(|base| base.denom.get());
        let coded = Self {
            track: track.id,
            format,
            decoder,
            place,
            lead_in,
            ticks,
            origin: None,
        };
        Ok((coded, total_frames))
    }

    /// Goes to a frame, counted from the first one that was decoded. `out` then has the samples of its packet from
    /// that frame on; none where the sound ends before. False where that cannot be done and the sound has to be read
    /// from its start.
    pub(super) fn seek(
        &mut self,
        frame: u64,
        rate: u32,
        channels: u32,
        out: &mut Vec<f32>,
    ) -> bool {
        out.clear();
        let Some(origin) = self.origin.filter(|_| self.ticks == Some(rate)) else {
            return false;
        };
        let Some(wanted) = i64::try_from(frame)
            .ok()
            .and_then(|f| f.checked_add(origin))
        else {
            return false;
        };
        let ts = Timestamp::new(wanted.saturating_sub(self.lead_in).max(origin));
        let track_id = self.track;
        let to = SeekTo::Timestamp { ts, track_id };
        let sought = guarded(|| self.format.seek(SeekMode::Accurate, to));
        if sought.is_err() {
            return false;
        }
        self.decoder.reset();
        (self.place.due, self.place.held) = (None, None);
        loop {
            let Ok(Some(packet)) = self.format.next_packet() else {
                // The end, or what reading from the start says of it.
                return false;
            };
            if packet.track_id != self.track {
                continue;
            }
            let start = first_tick(&packet);
            if start > wanted {
                return false;
            }
            self.place.due = Some(packet.pts.get().saturating_add_unsigned(packet.dur.get()));
            let Ok(buffer) = self.decoder.decode(&packet) else {
                return false;
            };
            let frames = buffer.frames() as i64;
            if start.saturating_add(frames) > wanted {
                let before = (wanted - start) as usize * channels as usize;
                let spec = buffer.spec();
                let same = spec.rate() == rate && spec.channels().count() == channels as usize;
                copy(&buffer, out);
                out.drain(..before.min(out.len()));
                return same;
            }
        }
    }

    /// Whether the number of frames that the file states is the one that decoding gives.
    pub(super) fn states_frames(&self) -> bool {
        self.place.exact
    }

    /// The first frame of the last packet. Reads all packets and decodes none.
    pub(super) fn last_packet(&mut self, rate: u32) -> Option<u64> {
        let origin = self.origin.filter(|_| self.ticks == Some(rate))?;
        let mut last = None;
        while let Ok(Some(packet)) = self.format.next_packet() {
            if packet.track_id == self.track {
                last = Some(first_tick(&packet));
            }
        }
        u64::try_from(last?.checked_sub(origin)?).ok()
    }

    /// One packet.
    pub(super) fn step(&mut self, out: &mut Vec<f32>) -> Step {
        let packet = match self
            .place
            .held
            .take()
            .map_or_else(|| self.format.next_packet(), |held| Ok(Some(held)))
        {
            Ok(Some(packet)) => packet,
            Ok(None) => return Step::End,
            // A file that was cut off plays as far as it goes.
            Err(CodecError::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Step::End;
            }
            Err(CodecError::ResetRequired) => {
                return Step::Failed("its tracks change on the way".to_owned());
            }
            Err(error) => return Step::Failed(error.to_string()),
        };
        if packet.track_id != self.track {
            return Step::Skip;
        }
        if let Some(frames) = self.place.hole_before(&packet) {
            self.place.held = Some(packet);
            return Step::Damaged(frames);
        }
        match self.decoder.decode(&packet) {
            Ok(buffer) => {
                if buffer.frames() > 0 {
                    self.origin.get_or_insert_with(|| first_tick(&packet));
                }
                copy(&buffer, out)
            }
            Err(CodecError::DecodeError(_) | CodecError::IoError(_)) => {
                Step::Damaged(packet.dur.get())
            }
            Err(error) => Step::Failed(error.to_string()),
        }
    }
}

/// The tick of the first frame that the decoder gives of a packet. What encoders put before the sound is cut off it.
fn first_tick(packet: &Packet) -> i64 {
    let cut = packet.trim_start.get();
    packet.pts.get().saturating_add_unsigned(cut)
}

fn copy(buffer: &GenericAudioBufferRef<'_>, out: &mut Vec<f32>) -> Step {
    buffer.copy_to_vec_interleaved(out);
    Step::Decoded {
        rate: buffer.spec().rate(),
        channels: u32::try_from(buffer.spec().channels().count()).unwrap_or(0),
        frames: buffer.frames(),
    }
}

/// Why a parser gave up.
#[derive(Debug, thiserror::Error)]
enum ParseFailure {
    #[error(transparent)]
    Refused(#[from] CodecError),
    #[error("its reader failed on damaged data")]
    Panicked,
}

/// Runs a parser; a panic within becomes an error.
fn guarded<T>(parse: impl FnOnce() -> Result<T, CodecError>) -> Result<T, ParseFailure> {
    match catch_unwind(AssertUnwindSafe(parse)) {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(ParseFailure::Panicked),
    }
}
