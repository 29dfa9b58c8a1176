//! What the tests of plugins share: the display frames until everything is analysed.

use std::thread;
use std::time::Duration;

use soundfall_plugins::host::Headless;
use soundfall_systems::{
    analysis::AnalysisProgress,
    stream::StreamStatus,
    waterfall::FieldState,
    waveform::{Envelopes, EnvelopesOf, LaneField},
};

/// Steps until every view shows something, its lanes too, and nothing is under way.
pub fn settle(screen: &mut Headless) {
    for _ in 0..60_000 {
        screen.step();
        let world = screen.world_mut();
        let mut analyses = world.query::<&AnalysisProgress>();
        let idle = analyses.iter(world).all(AnalysisProgress::idle);
        let mut views = world.query::<&FieldState>();
        let mut lanes = world.query::<&LaneField>();
        let there = views.iter(world).all(|state| state.visible)
            && lanes.iter(world).all(LaneField::is_settled);
        let mut envelopes = world.query::<(&EnvelopesOf, &Envelopes)>();
        let read = envelopes.iter(world).all(|(of, envelopes)| {
            let status = world.get::<StreamStatus>(of.0);
            status.is_some_and(|status| envelopes.caught_up(status.written_frames))
        });
        if idle && there && read {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("never settled");
}
