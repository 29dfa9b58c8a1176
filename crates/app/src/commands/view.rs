//! `soundfall view`: show a ring that another program writes.

use anyhow::{Context, Result};
use soundfall_ring_file::{find_ring, open};
use soundfall_systems::source::Source;

use super::display;
use crate::cli::ViewCommandArgs;
use crate::show::Upstream;
use crate::stop::Stop;

pub fn run(args: &ViewCommandArgs, verbose: u8) -> Result<()> {
    let stop = Stop::listen()?;
    let path = match &args.ring {
        Some(path) => path.clone(),
        None => find_ring()
            .context("no ring found; start `soundfall capture`, or name one with --ring PATH")?,
    };
    let opened = open(&path, args.safe_read)?;
    let label = opened
        .ring
        .extension()
        .map(|extension| extension.label.clone());
    let name = label
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| path.display().to_string());
    let source = Source {
        ring: opened.ring.clone(),
        name,
        probe: None,
    };
    // Somebody else's capture: only the user can end the view.
    let upstream = Upstream {
        stop,
        control: None,
        end: Box::new(|| ()),
    };
    display::run(source, &args.view, &args.run, verbose, &upstream)
}
