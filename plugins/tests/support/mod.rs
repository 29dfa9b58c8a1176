//! What the tests of plugins share: the display frames until everything is analysed.

use std::thread;
use std::time::Duration;

use soundfall_plugins::host::Headless;
use soundfall_systems::{analysis::AnalysisProgress, waterfall::FieldState};

/// Steps until every view shows something and nothing is under way.
pub fn settle(screen: &mut Headless) {
    for _ in 0..60_000 {
        screen.step();
        let world = screen.world_mut();
        let mut analyses = world.query::<&AnalysisProgress>();
        let idle = analyses.iter(world).all(AnalysisProgress::idle);
        let mut views = world.query::<&FieldState>();
        if idle && views.iter(world).all(|state| state.visible) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("never settled");
}
