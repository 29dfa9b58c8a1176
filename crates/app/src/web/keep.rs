//! Tells the page the settings as they are now, so that a link can bring them back when the page has
//! to be loaded again. Whenever they change: a picture that has stopped can not be asked any more.

use std::sync::Arc;

use bevy::prelude::*;
use soundfall_settings::{
    AnalysisSettings, InstrumentChoice, ProgramSettings, Settings, ViewSettings,
};
use soundfall_systems::{
    stream::Stream,
    view::{FocusedView, ViewOf},
};

use super::board::Board;
use super::params::to_link;

/// The page.
#[derive(Resource)]
pub struct Listener(pub Arc<Board>);

/// Tells what a link has to say, once there is a source and after every change.
pub fn tell_settings(
    listener: Res<Listener>,
    focused: Res<FocusedView>,
    program: Res<ProgramSettings>,
    streams: Query<&Stream>,
    views: Query<(&ViewSettings, &InstrumentChoice, &ViewOf)>,
    analyses: Query<&AnalysisSettings>,
    mut told: Local<Option<(Settings, u32)>>,
) {
    let view = focused.0.and_then(|view| views.get(view).ok());
    let (Some((view, instruments, of)), Some(stream)) = (view, streams.iter().next()) else {
        return;
    };
    let Ok(analysis) = analyses.get(of.0) else {
        return;
    };
    let channels = stream.history.format().channels;
    let same = told.as_ref().is_some_and(|(told, there)| {
        *there == channels
            && told.program == *program
            && told.view == *view
            && told.instruments == *instruments
            && told.analysis == *analysis
    });
    if same {
        return;
    }
    let settings = Settings {
        program: (*program).clone(),
        view: view.clone(),
        instruments: instruments.clone(),
        analysis: analysis.clone(),
        ..Settings::default()
    };
    listener.0.tell_settings(&to_link(&settings, channels));
    *told = Some((settings, channels));
}
