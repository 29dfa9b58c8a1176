//! `soundfall view`: show a ring that another program writes.

mod ring_watcher;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use soundfall_analysis::RingHistory;
use soundfall_ring_file::{OpenRing, find_ring, open};
use soundfall_systems::stream::{SourceSwitch, Stream};

use super::display;
use crate::cli::ViewCommandArgs;
use crate::output::Files;
use crate::show::Upstream;
use crate::stop::Stop;
use ring_watcher::RingWatcher;

pub fn run(args: &ViewCommandArgs, verbose: u8) -> Result<()> {
    let stop = Stop::listen()?;
    args.view.check(None)?;
    let path = match &args.ring {
        Some(path) => path.clone(),
        None => find_ring()
            .context("no ring found; start `soundfall capture`, or name one with --ring PATH")?,
    };
    let files = Files::new(args.overwrite).capturing(&path);
    let files = args.run.files(files)?;
    let opened = open(&path, args.safe_read)?;
    let shown = source(&opened, &path);
    // Somebody else's capture: only the user can end the view.
    let upstream = Upstream {
        stop,
        switch: Some(SourceSwitch(Arc::new(RingWatcher::start(
            opened,
            path,
            args.safe_read,
        )?))),
        end: Box::new(|| ()),
    };
    display::run(shown, &args.view, &args.run, files, verbose, &upstream)
}

/// A ring as the display takes it.
fn source(opened: &OpenRing, path: &Path) -> Stream {
    let label = opened
        .ring
        .extension()
        .map(|extension| extension.label.clone());
    let name = label
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| path.display().to_string());
    Stream {
        history: RingHistory::shared(opened.ring.clone()),
        name,
        probe: None,
    }
}
