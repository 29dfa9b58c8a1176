//! A graphics device that is lost is asked for again: at first soon, then less and less often. Sound,
//! ring and recording go on meanwhile. Never fills textures: what is shown is made again once there is
//! a renderer (see `upload`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bevy::{
    prelude::*,
    render::{
        RenderApp, RenderStartup,
        error_handler::{RenderError, RenderErrorHandler, RenderErrorPolicy},
        render_resource::SpecializedRenderPipelines,
        renderer::initialize_renderer,
        settings::{RenderCreation, WgpuSettings},
    },
    tasks::block_on,
    window::{PrimaryWindow, RawHandleWrapperHolder},
};
use bevy_egui::render::{
    EguiPipeline,
    systems::{EguiRenderData, EguiTransforms},
};

/// The longest wait before another try.
const MAX_WAIT: Duration = Duration::from_secs(32);
/// A device that lives for less is no success.
const SHORT_LIFE: Duration = Duration::from_secs(10);
/// So many of them in a row, and the picture is given up.
const MAX_SHORT_LIVES: u32 = 3;

/// What happened to the graphics device.
#[derive(Resource)]
pub struct GraphicsLoss {
    /// Times that it was lost.
    pub losses: u32,
    /// What it was lost by, until it is back.
    pub trouble: Option<String>,
    /// Wait before the first try.
    first_wait: Duration,
    settings: WgpuSettings,
    wait: Duration,
    next_try: Option<Instant>,
    begun: Option<Instant>,
    short_lives: u32,
}

/// What to do about a device that is lost.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Wait,
    Try,
    GiveUp,
}

impl GraphicsLoss {
    pub(super) fn new(settings: WgpuSettings) -> Self {
        Self {
            losses: 0,
            trouble: None,
            first_wait: Duration::from_secs(1),
            settings,
            wait: Duration::ZERO,
            next_try: None,
            begun: None,
            short_lives: 0,
        }
    }

    /// Waits so long before the first try, instead of a second.
    pub fn wait_at_first(&mut self, wait: Duration) {
        self.first_wait = wait;
    }

    /// Asked in every display frame while there is no device.
    fn step(&mut self, what: impl Fn() -> String, now: Instant) -> Step {
        if self.trouble.is_none() {
            self.losses += 1;
            let lived_short = self
                .begun
                .is_some_and(|begun| now.saturating_duration_since(begun) < SHORT_LIFE);
            self.short_lives = if lived_short { self.short_lives + 1 } else { 0 };
            self.wait = self.first_wait * 2_u32.saturating_pow(self.short_lives);
            self.next_try = (self.short_lives < MAX_SHORT_LIVES).then(|| now + self.wait);
            let words = what();
            match self.next_try {
                Some(_) => error!(
                    "the graphics device is lost ({words}): sound goes on, the picture is made again"
                ),
                None => error!(
                    "the graphics device is lost ({words}), {MAX_SHORT_LIVES} times within {} s of its return: no picture any more; sound goes on",
                    SHORT_LIFE.as_secs()
                ),
            }
            self.trouble = Some(words);
        }
        match self.next_try {
            None => Step::GiveUp,
            Some(at) if now < at => Step::Wait,
            Some(_) => Step::Try,
        }
    }

    fn is_back(&mut self, now: Instant) {
        self.trouble = None;
        self.begun = Some(now);
    }

    fn failed(&mut self, now: Instant) {
        self.wait = (self.wait * 2).clamp(Duration::from_millis(100), MAX_WAIT);
        self.next_try = Some(now + self.wait);
    }
}

/// Installs the handler, for an app that draws by these settings.
pub(super) fn add(app: &mut App, settings: WgpuSettings) {
    app.insert_resource(GraphicsLoss::new(settings))
        .insert_resource(RenderErrorHandler(recover));
    if let Some(render_app) = app.get_sub_app_mut(RenderApp) {
        render_app.add_systems(RenderStartup, renew_egui);
    }
}

/// Egui's buffers and pipelines are of the device that was lost; it does not make them again by itself.
fn renew_egui(world: &mut World) {
    if !world.contains_resource::<EguiPipeline>() {
        return;
    }
    let pipeline = EguiPipeline::from_world(world);
    world.insert_resource(pipeline);
    world.insert_resource(SpecializedRenderPipelines::<EguiPipeline>::default());
    world.insert_resource(EguiTransforms::default());
    world.insert_resource(EguiRenderData::default());
}

fn recover(error: &RenderError, main_world: &mut World, _: &mut World) -> RenderErrorPolicy {
    let window = main_world
        .query_filtered::<&RawHandleWrapperHolder, With<PrimaryWindow>>()
        .single(main_world)
        .ok()
        .cloned();
    let Some(mut loss) = main_world.get_resource_mut::<GraphicsLoss>() else {
        return RenderErrorPolicy::StopRendering;
    };
    let what = || match error.description.trim() {
        "" => format!("{:?}", error.ty),
        said => said.to_owned(),
    };
    if loss.step(what, Instant::now()) != Step::Try {
        return RenderErrorPolicy::StopRendering;
    }
    let settings = loss.settings.clone();
    let backends = settings.backends.unwrap_or(wgpu::Backends::PRIMARY);
    // A machine without an adapter, or one that is just being reset, makes it panic.
    let made = catch_unwind(AssertUnwindSafe(|| {
        block_on(initialize_renderer(backends, window, &settings))
    }));
    match made {
        Ok(resources) => {
            loss.is_back(Instant::now());
            warn!("there is a graphics device again: the picture is made from the ring");
            RenderErrorPolicy::Recover(RenderCreation::Manual(resources))
        }
        Err(_) => {
            loss.failed(Instant::now());
            RenderErrorPolicy::StopRendering
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn lost() -> String {
        "lost".to_owned()
    }

    #[test]
    fn tries_wait_longer_and_longer() {
        let mut loss = GraphicsLoss::new(WgpuSettings::default());
        let mut now = Instant::now();
        assert_eq!(loss.step(lost, now), Step::Wait);
        assert_eq!((loss.losses, loss.trouble.as_deref()), (1, Some("lost")));
        let mut waits = Vec::new();
        for _ in 0..7 {
            let due = loss.next_try.unwrap();
            waits.push(due.duration_since(now).as_secs());
            now = due;
            assert_eq!(loss.step(lost, now), Step::Try);
            loss.failed(now);
            assert_eq!(loss.step(lost, now), Step::Wait);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32]);
        assert_eq!(loss.losses, 1, "one loss, however many tries");
    }

    #[test]
    fn what_dies_at_once_again_and_again_is_given_up() {
        let mut loss = GraphicsLoss::new(WgpuSettings::default());
        let mut now = Instant::now();
        for life in 0..MAX_SHORT_LIVES {
            assert_eq!(loss.step(lost, now), Step::Wait, "{life}");
            now = loss.next_try.unwrap();
            assert_eq!(loss.step(lost, now), Step::Try);
            loss.is_back(now);
            now += SHORT_LIFE / 2;
        }
        assert_eq!(loss.step(lost, now), Step::GiveUp);
        assert_eq!(loss.step(lost, now + MAX_WAIT * 100), Step::GiveUp);
    }

    #[test]
    fn one_that_lived_long_counts_anew() {
        let mut loss = GraphicsLoss::new(WgpuSettings::default());
        let mut now = Instant::now();
        for _ in 0..10 {
            assert_eq!(loss.step(lost, now), Step::Wait);
            now = loss.next_try.unwrap();
            assert_eq!(loss.step(lost, now), Step::Try);
            loss.is_back(now);
            now += SHORT_LIFE * 2;
        }
        assert_eq!(loss.losses, 10);
    }
}
