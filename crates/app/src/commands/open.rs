//! `soundfall open`: a whole recording, to explore.

use std::sync::Arc;

use anyhow::Result;
use soundfall_analysis::History as _;
use soundfall_recording::FileHistory;
use soundfall_settings::{MAX_SPAN_SECS, MIN_SPAN_SECS};
use soundfall_systems::stream::Stream;
use soundfall_systems::view::Follow;

use super::display;
use crate::cli::OpenArgs;
use crate::exit::Usage;
use crate::input::{file_name, is_ring};
use crate::output::Files;
use crate::show::Upstream;
use crate::stop::Stop;

/// Decoded sound that is kept, bytes: a minute of 8 channels at 48 kHz.
const CACHE_BYTES: usize = 64 << 20;

pub fn run(args: &OpenArgs, verbose: u8) -> Result<()> {
    let stop = Stop::listen()?;
    args.view.check(None)?;
    let path = &args.file;
    if is_ring(path) {
        let path = path.display();
        return Err(Usage(format!(
            "{path} is a ring: soundfall view --ring {path} shows it"
        ))
        .into());
    }
    let history = FileHistory::open(path, CACHE_BYTES)?;
    let files = Files::new(args.overwrite).using("the recording that is shown", Some(path));
    let files = args.run.files(files)?;

    let format = history.format();
    let length_secs = format.capacity_secs();
    let mut view = args.view.clone();
    let span_secs = &mut view.settings.view.span_secs;
    if !args.view.is_given("span") {
        // All of it, as far as a view can be so long or so short.
        *span_secs = length_secs.clamp(MIN_SPAN_SECS, MAX_SPAN_SECS);
    }
    // From the start, unless a moment was asked for.
    let at_secs = args.at.unwrap_or(*span_secs).min(length_secs);
    let follow = Follow::Frozen {
        frame: format.secs_to_frames(at_secs),
    };
    let stream = Stream::new(Arc::new(history), file_name(path));
    let upstream = Upstream {
        stop,
        switch: None,
        end: Box::new(|| ()),
        captured: None,
    };
    display::run(stream, follow, &view, &args.run, files, verbose, &upstream)
}
