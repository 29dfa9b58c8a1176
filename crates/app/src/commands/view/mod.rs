//! `soundfall view`: show a ring that another program writes.

mod ring_watcher;

use std::sync::Arc;

use anyhow::Result;
use soundfall_ring_file::{find_ring, open};
use soundfall_systems::stream::SourceSwitch;
use soundfall_systems::view::Follow;

use super::display;
use crate::advice;
use crate::cli::ViewCommandArgs;
use crate::output::Files;
use crate::show::Upstream;
use crate::stop::Stop;
use ring_watcher::RingWatcher;

pub fn run(args: &ViewCommandArgs, verbose: u8) -> Result<()> {
    let stop = Stop::listen()?;
    args.view.check(None)?;
    let opened = match &args.ring {
        Some(path) => open(path, args.safe_read)?,
        None => find_ring(args.safe_read)
            .map_err(|none| advice::no_ring(&none, "soundfall view --ring PATH"))?,
    };
    let files = Files::new(args.overwrite).capturing(&opened.path);
    let files = args.run.files(files)?;
    let (watcher, shown) = RingWatcher::start(opened)?;
    // Somebody else's capture: only the user can end the view.
    let upstream = Upstream {
        stop,
        switch: Some(SourceSwitch(Arc::new(watcher))),
        end: Box::new(|| ()),
        captured: None,
    };
    display::run(
        shown,
        Follow::default(),
        &args.view,
        &args.run,
        files,
        verbose,
        &upstream,
    )
}
