//! Words that are looked at once: a header that is read while it is written, and the word that says
//! that a ring was closed.

use loom::thread;
use soundfall_ring::sync::Order;
use soundfall_ring::{
    Extension, HeaderError, RingFormat, RingRead, RingReader, RingWriter, WriterState,
};

use crate::harness::{Tally, Words, holds, needs, ring};
use crate::samples::write;

/// A ring is opened while it is created.
fn open_model(tally: &Tally) {
    let format = RingFormat::new(48_000, 1, 3, 2).unwrap();
    let extension = Extension {
        epoch: 7,
        start_unix_ns: 5,
        label: "mic".to_owned(),
        writer_pid: 3,
    };
    let words = Words::of(&format);
    let creating = thread::spawn({
        let (words, extension) = (words.clone(), extension.clone());
        move || RingWriter::create(words, &format, &extension).unwrap()
    });
    match RingReader::new(words) {
        Ok(reader) => {
            tally.accepted(*reader.format() == format && reader.extension() == Some(&extension))
        }
        Err(HeaderError::NotARing(0)) => tally.refused(),
        // A magic without the rest: the ring looks damaged.
        Err(_) => tally.accepted(false),
    }
    creating.join().unwrap();
}

#[test]
fn a_ring_is_whole_when_its_magic_is_there() {
    holds("header", open_model);
    needs("header", Order::HeaderThenMagic, open_model);
    needs("header", Order::MagicThenHeader, open_model);
}

/// A ring is closed after its last block.
fn close_model(tally: &Tally) {
    let format = RingFormat::new(48_000, 1, 3, 1).unwrap();
    let (_words, mut writer, reader) = ring(&format, 7);
    let writing = thread::spawn(move || {
        write(&mut writer, 2);
        writer.close();
    });
    match reader.writer_state() {
        WriterState::Closed => tally.accepted(reader.written_frames() == 2),
        WriterState::Open { .. } => tally.refused(),
        other => panic!("{other:?}"),
    }
    writing.join().unwrap();
}

#[test]
fn a_closed_ring_shows_its_last_frame() {
    holds("close", close_model);
    needs("close", Order::LastThenClosed, close_model);
    needs("close", Order::ClosedThenLast, close_model);
}
