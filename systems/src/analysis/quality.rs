//! Adaptive quality: when the analysis falls behind the sound it does less, in named steps, and
//! more again by itself. Never touches what was analysed well; what was not is made good later.

use bevy_ecs::prelude::*;

/// How much of the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QualityLevel {
    /// Only every so many columns is analysed, a power of two: the hop is as many times longer.
    pub every: u64,
    /// The window is halved so many times.
    pub halvings: u32,
}

impl QualityLevel {
    /// Everything that was asked for.
    pub const FULL: Self = Self {
        every: 1,
        halvings: 0,
    };
}

/// The steps, from all to least: first a longer hop, then a shorter window.
pub const STEPS: [(&str, QualityLevel); 5] = [
    ("full", QualityLevel::FULL),
    ("hop \u{00d7}2", step(2, 0)),
    ("hop \u{00d7}4", step(4, 0)),
    ("hop \u{00d7}4, window \u{00f7}2", step(4, 1)),
    ("hop \u{00d7}8, window \u{00f7}4", step(8, 2)),
];

const fn step(every: u64, halvings: u32) -> QualityLevel {
    QualityLevel { every, halvings }
}

/// Sound that may wait for its analysis before that counts as behind, beside what comes in while
/// an answer is under way.
const BEHIND_SECS: f64 = 0.25;
/// Frames from the arrival of sound to the look that finds its analysis done, a slow one included.
const FRAMES_UNDER_WAY: f64 = 4.0;
/// This long behind, and a step is taken.
const STEP_AFTER_SECS: f64 = 0.5;
/// This long without being behind, and a step is taken back.
const PATIENCE_SECS: f64 = 4.0;
/// Patience doubles when a step taken back turns out to be too early, up to this; it is halved when the
/// next one can be taken back too.
const MAX_PATIENCE_SECS: f64 = 64.0;
/// How much of a slow frame is remembered from frame to frame.
const SLOW_FRAMES_FADE: f64 = 0.9;
/// A backlog that shrinks by this share of the time that passes is being worked off.
const WORKED_OFF: f64 = 0.1;

/// Where the quality stands.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct Quality {
    step: usize,
    lowest: usize,
    /// Steps taken down since the start.
    pub steps_down: u64,
    /// Steps taken back up since the start.
    pub steps_up: u64,
    last_lag_secs: f64,
    slow_frame_secs: f64,
    behind_secs: f64,
    calm_secs: f64,
    patience_secs: f64,
    since_up_secs: f64,
    /// The last step taken back was not too early.
    held: bool,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            step: 0,
            lowest: 0,
            steps_down: 0,
            steps_up: 0,
            last_lag_secs: 0.0,
            slow_frame_secs: 0.0,
            behind_secs: 0.0,
            calm_secs: 0.0,
            patience_secs: PATIENCE_SECS,
            since_up_secs: f64::INFINITY,
            held: false,
        }
    }
}

impl Quality {
    /// Its name, `full` where nothing is left out.
    #[must_use]
    pub fn name(&self) -> &'static str {
        STEPS[self.step].0
    }

    /// The name of the lowest step there was.
    #[must_use]
    pub fn lowest_name(&self) -> &'static str {
        STEPS[self.lowest].0
    }

    /// True while something is left out.
    #[must_use]
    pub fn reduced(&self) -> bool {
        self.step > 0
    }

    /// Its number, 0 where nothing is left out.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }

    /// The number of the lowest step there was.
    #[must_use]
    pub fn lowest_step(&self) -> usize {
        self.lowest
    }

    /// What is done of the work.
    #[must_use]
    pub fn level(&self) -> QualityLevel {
        STEPS[self.step].1
    }

    /// A frame has passed: `lag_secs` of sound that is there has not been analysed yet; columns come
    /// in groups of `group_secs`.
    pub fn observe(&mut self, lag_secs: f64, group_secs: f64, frame_secs: f64) {
        // A slow display brings much sound at once: that is not the analysis' fault.
        let frame_secs = frame_secs.clamp(0.0, 10.0);
        self.slow_frame_secs = frame_secs.max(self.slow_frame_secs * SLOW_FRAMES_FADE);
        let under_way = group_secs + FRAMES_UNDER_WAY * self.slow_frame_secs;
        let behind = lag_secs > BEHIND_SECS + under_way;
        let worked_off = lag_secs < self.last_lag_secs - WORKED_OFF * frame_secs;
        self.last_lag_secs = lag_secs;
        self.since_up_secs += frame_secs;
        if behind {
            self.calm_secs = 0.0;
            if !worked_off {
                self.behind_secs += frame_secs;
            }
        } else {
            self.behind_secs = 0.0;
            self.calm_secs += frame_secs;
        }
        if self.behind_secs >= STEP_AFTER_SECS && self.step + 1 < STEPS.len() {
            if self.since_up_secs < self.patience_secs {
                self.patience_secs = (self.patience_secs * 2.0).min(MAX_PATIENCE_SECS);
            }
            self.held = false;
            self.step += 1;
            self.lowest = self.lowest.max(self.step);
            self.steps_down += 1;
            self.behind_secs = 0.0;
            tracing::warn!("the analysis is {lag_secs:.2} s behind: {}", self.name());
        } else if self.calm_secs >= self.patience_secs {
            self.calm_secs = 0.0;
            if self.step > 0 {
                self.step -= 1;
                self.steps_up += 1;
                self.since_up_secs = 0.0;
                if self.held {
                    self.patience_secs = (self.patience_secs / 2.0).max(PATIENCE_SECS);
                }
                self.held = true;
                tracing::info!("the analysis keeps up: {}", self.name());
            } else {
                self.patience_secs = PATIENCE_SECS;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: f64 = 1.0 / 60.0;

    /// Sound comes in real time; a machine that does `capacity` seconds of sound a second at full
    /// quality, more with less quality. Returns the names of the steps of each second.
    fn run(
        quality: &mut Quality,
        secs: usize,
        mut capacity: impl FnMut(f64) -> f64,
    ) -> Vec<&'static str> {
        let mut lag = 0.0_f64;
        let mut names = Vec::new();
        for frame in 0..secs * 60 {
            let level = quality.level();
            let speed = capacity(frame as f64 * FRAME)
                * level.every as f64
                * f64::from(1_u32 << level.halvings);
            lag = (lag + FRAME - speed * FRAME).max(FRAME);
            quality.observe(lag, 0.01, FRAME);
            if frame % 60 == 59 {
                names.push(quality.name());
            }
        }
        names
    }

    #[test]
    fn a_machine_that_keeps_up_stays_at_full_quality() {
        let mut quality = Quality::default();
        run(&mut quality, 120, |_| 1.3);
        assert_eq!((quality.steps_down, quality.name()), (0, "full"));
    }

    #[test]
    fn a_slow_machine_settles_where_it_keeps_up() {
        let mut quality = Quality::default();
        let names = run(&mut quality, 20, |_| 0.3);
        assert_eq!(names.last(), Some(&"hop \u{00d7}4"));
        // It tries again, ever more rarely.
        let before = quality.steps_down;
        run(&mut quality, 600, |_| 0.3);
        assert!(quality.steps_down - before < 15, "{quality:?}");
        assert!(quality.reduced());
    }

    #[test]
    fn it_recovers_by_itself() {
        let mut quality = Quality::default();
        run(&mut quality, 10, |_| 0.2);
        assert!(quality.reduced());
        run(&mut quality, 60, |_| 10.0);
        assert_eq!(quality.name(), "full");
        assert_eq!(quality.steps_down, quality.steps_up);
        assert_ne!(quality.lowest_name(), "full");
    }

    /// After minutes of overload the patience is longest; each step that holds makes the next one come
    /// sooner.
    #[test]
    fn it_recovers_sooner_with_every_step_that_holds() {
        let mut quality = Quality::default();
        run(&mut quality, 600, |_| 0.1);
        assert_eq!(quality.patience_secs, MAX_PATIENCE_SECS);
        // It may just be trying a better step.
        if quality.step() < 4 {
            run(&mut quality, 5, |_| 0.1);
        }
        assert_eq!(quality.step(), 4);
        let names = run(&mut quality, 600, |_| 10.0);
        let secs = names.iter().take_while(|name| **name != "full").count() as f64;
        // 64 + 64 + 32 + 16, less what of the first one had passed.
        assert!((112.0..=180.0).contains(&secs), "{secs}");
        assert_eq!(quality.patience_secs, PATIENCE_SECS);
    }

    #[test]
    fn a_slow_display_is_not_a_slow_analysis() {
        let mut quality = Quality::default();
        for frame in 0..60 {
            let secs = if frame % 3 == 0 { 1.2 } else { 0.6 };
            quality.observe(1.3, 0.01, secs);
        }
        assert_eq!(quality.steps_down, 0);
    }

    #[test]
    fn a_short_hitch_is_worked_off() {
        let mut quality = Quality::default();
        // The machine stands still for 0.4 s, then does twice what comes in.
        run(&mut quality, 30, |t| {
            if (5.0..5.4).contains(&t) { 0.0 } else { 2.0 }
        });
        assert_eq!(quality.steps_down, 0);
    }

    /// With a hop of a third of a second a group of four takes longer than the limit by itself.
    #[test]
    fn a_long_hop_is_not_behind() {
        let mut quality = Quality::default();
        for frame in 0..60 * 60 {
            let hop_secs = 0.34;
            let group_secs = hop_secs * quality.level().every as f64;
            // A group is waiting from its last column until the answer is back.
            let waits = frame % (group_secs * 60.0) as usize <= 2;
            quality.observe(if waits { group_secs } else { 0.0 }, group_secs, FRAME);
        }
        assert_eq!(quality.steps_down, 0);
    }
}
