//! How a view is moved: by the hand, by steps, by a push that runs out. What is asked for is on its way in the next
//! display frame.

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};
use soundfall_analysis::HistoryFormat;
use soundfall_dsp::scale::FrequencyAxis;

use super::sight::{Bounds, MIN_SPAN_FRAMES, Sight};
use crate::{
    analysis::{AnalysisOf, AnalysisSettings},
    stream::{Stream, StreamClock, StreamStatus},
    view::{Follow, ProgramSettings, TimeWindow, ViewOf, ViewSettings},
    waterfall::FieldState,
};

/// A step comes so much nearer to its end in a second, as a power of e: within 2 % in a quarter of one.
const STEP_PER_SEC: f64 = 16.0;
/// The same of a view that was let go while it moved.
const INERTIA_PER_SEC: f64 = 4.0;
/// Slower than this, in spans a second, a view that is let go stands still.
const MIN_FLING: f64 = 0.05;
/// A way ends when what is left of it is less than this share of the span: a small part of a pixel.
const ARRIVED: f64 = 2e-5;
/// Pulled beyond an end of the sound a view gives way by this share of its span at most.
const MAX_GIVE: f64 = 0.12;
/// What zooming to a span leaves free at either side, of the view.
const MARGIN: f64 = 0.1;

/// All of the frequency axis, and the smallest part of it.
const BAND: Bounds = Bounds {
    range: 0.0..1.0,
    min_span: 1.0 / 512.0,
    max_span: 1.0,
};
/// Nearer to an end of the axis than this is the end.
const ALL: f64 = 1e-6;

/// A way to move a view. Shares are of its span, positive towards newer sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Push {
    /// Shows a span that is so many times as long; what is at the place (0 front edge, 1 back) stays there.
    Zoom {
        /// Below 1 comes nearer.
        factor: f64,
        /// 0 is the front edge, 1 the back.
        place: f64,
    },
    /// Goes on or back.
    Step {
        /// How far.
        share: f64,
    },
    /// Held by the hand: moves at once. What moves by itself stops.
    Drag {
        /// How far since the last one.
        share: f64,
        /// How far along the frequency axis, of the part that is shown, positive towards higher ones.
        band: f64,
    },
    /// Shows so many times as much of the frequency axis; what is at the place (0 lowest, 1 highest) stays there.
    ZoomBand {
        /// Below 1 comes nearer.
        factor: f64,
        /// 0 is the lowest frequency shown, 1 the highest.
        place: f64,
    },
    /// Goes to higher or lower frequencies.
    StepBand {
        /// How far, of what is shown, positive towards higher ones.
        share: f64,
    },
    /// The hand lets go.
    Release {
        /// How fast it was, spans a second.
        per_sec: f64,
    },
    /// Shows these frames with some room around them.
    Show {
        /// The oldest one.
        start: f64,
        /// The one after the newest.
        end: f64,
    },
    /// To the oldest sound.
    Oldest,
    /// To the newest sound, and on with it where there is more to come.
    Newest,
    /// All there is.
    All,
    /// Stands still where it is.
    Freeze,
    /// Plays on from where it is, at a speed (1 as it was recorded).
    Play {
        /// Seconds of sound a second.
        speed: f64,
    },
}

/// A view is to be moved.
#[derive(Message, Clone, Copy, Debug, PartialEq)]
pub struct MoveView {
    /// The view.
    pub view: Entity,
    /// How.
    pub push: Push,
}

/// Where a view is on its way to.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Glide {
    way: Option<Way>,
    /// On the frequency axis, in shares of it.
    band: Option<Way>,
    /// Held by the hand: how far beyond an end of the sound it was pulled, frames.
    pulled: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Way {
    to: Sight,
    per_sec: f64,
}

impl Glide {
    /// True while it moves.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.way.is_some() || self.band.is_some()
    }

    /// Where it comes to rest, from where it is.
    fn end(&self, now: Sight) -> Sight {
        self.way.map_or(now, |way| way.to)
    }
}

/// A view with the stream behind it. Heads count from the newest sound while it is followed, from the front edge while
/// it plays, and are frames of the stream otherwise.
struct Moved<'a> {
    format: HistoryFormat,
    status: &'a StreamStatus,
    /// The newest frame that is shown.
    now: f64,
    /// The frame at the front edge as it is drawn.
    drawn: f64,
    /// The whole frequency axis.
    axis: Option<FrequencyAxis>,
    settings: &'a mut ViewSettings,
    window: &'a mut TimeWindow,
    glide: &'a mut Glide,
}

impl Moved<'_> {
    fn rate(&self) -> f64 {
        f64::from(self.format.sample_rate)
    }

    /// The frame that heads count from.
    fn base(&self) -> f64 {
        match self.window.follow {
            Follow::Live { .. } => self.now,
            Follow::Playing { frame, .. } => frame,
            Follow::Frozen { .. } => 0.0,
        }
    }

    fn sight(&self) -> Sight {
        let head = match self.window.follow {
            Follow::Live { offset_secs } => -offset_secs.max(0.0) * self.rate(),
            Follow::Playing { .. } => 0.0,
            Follow::Frozen { frame } => frame,
        };
        let span = self.settings.span_secs * self.rate();
        Sight { head, span }
    }

    fn bounds(&self) -> Bounds {
        let base = self.base();
        let (oldest, newest) = (
            self.status.oldest_frame as f64,
            self.status.written_frames as f64,
        );
        Bounds {
            range: match self.window.follow {
                Follow::Live { .. } => oldest - base..0.0,
                Follow::Frozen { .. } => oldest..newest,
                // Its front edge goes where it goes.
                Follow::Playing { .. } => f64::NEG_INFINITY..0.0,
            },
            min_span: MIN_SPAN_FRAMES,
            max_span: self.format.capacity_frames as f64,
        }
    }

    /// More sound may come.
    fn is_open(&self) -> bool {
        !self.status.ended && self.format.block_frames > 0
    }

    fn go_to(&mut self, to: Sight, per_sec: f64) {
        self.glide.way = Some(Way { to, per_sec });
    }

    /// Shows this now.
    fn put(&mut self, sight: Sight) {
        let span_secs = sight.span / self.rate();
        if self.settings.span_secs != span_secs {
            self.settings.span_secs = span_secs;
        }
        let rate = self.rate();
        match &mut self.window.follow {
            Follow::Live { offset_secs } => *offset_secs = (-sight.head / rate).max(0.0),
            Follow::Frozen { frame } => *frame = sight.head.max(0.0),
            Follow::Playing { .. } => {}
        }
    }

    /// What is seen of the frequency axis, in shares of it.
    fn band(&self) -> Sight {
        let Some(axis) = &self.axis else {
            return Sight {
                head: 1.0,
                span: 1.0,
            };
        };
        let seen = axis.between(self.settings.low_hz, self.settings.high_hz);
        let head = axis.position(seen.max_hz());
        let span = head - axis.position(seen.min_hz());
        Sight { head, span }
    }

    fn put_band(&mut self, sight: Sight) {
        let Some(axis) = &self.axis else { return };
        // All of it is no choice: it stays all when the range changes.
        let low = sight.at(1.0);
        let low_hz = (low > ALL).then(|| axis.hz(low));
        let high_hz = (sight.head < 1.0 - ALL).then(|| axis.hz(sight.head));
        if (self.settings.low_hz, self.settings.high_hz) != (low_hz, high_hz) {
            self.settings.low_hz = low_hz;
            self.settings.high_hz = high_hz;
        }
    }

    /// From now on heads are frames of the stream.
    fn freeze(&mut self) {
        if matches!(self.window.follow, Follow::Frozen { .. }) {
            return;
        }
        let base = self.base();
        self.window.follow = Follow::Frozen { frame: self.drawn };
        // What is on its way goes on.
        if let Some(way) = &mut self.glide.way {
            way.to.head += base;
        }
    }

    /// At the newest sound, of which there is more to come, a view follows it.
    fn follow_at_end(&mut self, sight: Sight) {
        let newest = self.status.written_frames as f64;
        let is_live = matches!(self.window.follow, Follow::Live { .. });
        if self.is_open() && !is_live && sight.head >= newest {
            self.window.follow = Follow::Live { offset_secs: 0.0 };
            self.glide.way = None;
        }
    }

    fn push(&mut self, push: Push) {
        match push {
            Push::Zoom { factor, place } => {
                let to = self.glide.end(self.sight());
                // What plays, plays at the front edge.
                let place = match self.window.follow {
                    Follow::Playing { .. } => 0.0,
                    _ => place,
                };
                let to = to.zoomed(factor, place, &self.bounds());
                self.go_to(to, STEP_PER_SEC);
            }
            Push::Step { share } => {
                self.freeze();
                let to = self.glide.end(self.sight());
                let wanted = to.panned(share * to.span, &self.bounds());
                self.go_to(wanted, STEP_PER_SEC);
            }
            Push::Drag { share, band } => {
                if share != 0.0 {
                    self.freeze();
                    self.glide.way = None;
                    self.drag(share);
                }
                if band != 0.0 {
                    self.glide.band = None;
                    let now = self.band();
                    self.put_band(now.panned(band * now.span, &BAND));
                }
            }
            Push::ZoomBand { factor, place } => {
                let to = self.band_end().zoomed(factor, 1.0 - place, &BAND);
                self.go_to_band(to);
            }
            Push::StepBand { share } => {
                let to = self.band_end();
                self.go_to_band(to.panned(share * to.span, &BAND));
            }
            Push::Release { per_sec } => {
                self.glide.pulled = 0.0;
                let now = self.sight();
                let bounds = self.bounds();
                if per_sec.abs() > MIN_FLING && per_sec.is_finite() {
                    let far = per_sec * now.span / INERTIA_PER_SEC;
                    self.go_to(now.panned(far, &bounds), INERTIA_PER_SEC);
                } else {
                    let rest = now.within(&bounds);
                    self.follow_at_end(rest);
                    if rest != self.sight() && !matches!(self.window.follow, Follow::Live { .. }) {
                        self.go_to(rest, STEP_PER_SEC);
                    }
                }
            }
            Push::Show { start, end } => {
                self.freeze();
                let length = (end - start).max(1.0);
                let span = length / (1.0 - 2.0 * MARGIN);
                let head = end + span * MARGIN;
                let to = Sight { head, span }.within(&self.bounds());
                self.go_to(to, STEP_PER_SEC);
            }
            Push::Oldest => {
                self.freeze();
                let to = self.glide.end(self.sight());
                let to = to.panned(f64::MIN, &self.bounds());
                self.go_to(to, STEP_PER_SEC);
            }
            Push::Newest if self.is_open() => {
                self.window.follow = Follow::Live { offset_secs: 0.0 };
                self.glide.way = None;
            }
            Push::Newest => {
                self.freeze();
                let to = self.glide.end(self.sight());
                let to = to.panned(f64::MAX, &self.bounds());
                self.go_to(to, STEP_PER_SEC);
            }
            Push::All => {
                if matches!(self.window.follow, Follow::Playing { .. }) {
                    self.freeze();
                }
                let bounds = self.bounds();
                let span = (bounds.range.end - bounds.range.start).max(1.0);
                let head = bounds.range.end;
                self.go_to(Sight { head, span }.within(&bounds), STEP_PER_SEC);
            }
            Push::Freeze => self.freeze(),
            Push::Play { speed } => {
                let frame = match self.window.follow {
                    Follow::Frozen { frame } | Follow::Playing { frame, .. } => frame,
                    Follow::Live { .. } => return,
                };
                // At its end a recording plays from the start again.
                let ended = !self.is_open() && frame >= self.status.written_frames as f64;
                let frame = if ended && speed > 0.0 {
                    self.status.oldest_frame as f64
                } else {
                    frame
                };
                self.glide.way = None;
                self.window.follow = Follow::Playing { frame, speed };
            }
        }
    }

    fn band_end(&self) -> Sight {
        self.glide.band.map_or_else(|| self.band(), |way| way.to)
    }

    fn go_to_band(&mut self, to: Sight) {
        let per_sec = STEP_PER_SEC;
        self.glide.band = Some(Way { to, per_sec });
    }

    fn drag(&mut self, share: f64) {
        let sight = self.sight();
        let give = MAX_GIVE * sight.span;
        let bounds = self.bounds();
        let head = sight.within(&bounds).head + self.glide.pulled + share * sight.span;
        let inside = Sight { head, ..sight }.within(&bounds);
        self.glide.pulled = head - inside.head;
        let given = give * (self.glide.pulled / give / 2.0).tanh();
        self.put(Sight {
            head: inside.head + given,
            ..inside
        });
    }

    /// A display frame on.
    fn go_on(&mut self, secs: f64, is_still: bool) {
        let step = |way: Way, now: Sight| {
            let share = if is_still {
                1.0
            } else {
                1.0 - (-secs * way.per_sec).exp()
            };
            let next = now.towards(&way.to, share);
            let arrived = next.is_near(&way.to, ARRIVED);
            (if arrived { way.to } else { next }, arrived)
        };
        if let Some(way) = self.glide.way {
            let (next, arrived) = step(way, self.sight());
            self.put(next);
            if arrived {
                self.glide.way = None;
                self.follow_at_end(next);
            }
        }
        if let Some(way) = self.glide.band {
            let (next, arrived) = step(way, self.band());
            self.put_band(next);
            if arrived {
                self.glide.band = None;
            }
        }
    }
}

/// Moves the views. Set `Sync`, after the windows that play.
pub fn move_views(
    time: Res<Time<Real>>,
    program: Option<Res<ProgramSettings>>,
    mut moves: MessageReader<MoveView>,
    mut views: Query<(
        Entity,
        &ViewOf,
        &FieldState,
        &mut ViewSettings,
        &mut TimeWindow,
        &mut Glide,
    )>,
    analyses: Query<(&AnalysisOf, &AnalysisSettings)>,
    streams: Query<(&Stream, &StreamStatus, &StreamClock)>,
) {
    let moves: Vec<MoveView> = moves.read().copied().collect();
    let is_still = program.is_some_and(|program| program.reduced_motion);
    for (entity, of, state, mut settings, mut window, mut glide) in &mut views {
        let pushes = || moves.iter().filter(|one| one.view == entity);
        if pushes().next().is_none() && !glide.is_moving() {
            continue;
        }
        let Ok((of, analysis)) = analyses.get(of.0) else {
            continue;
        };
        let Ok((stream, status, clock)) = streams.get(of.0) else {
            continue;
        };
        let format = stream.history.format();
        let at_edge = window.frame(clock.now_frames, format.sample_rate);
        let mut view = Moved {
            format,
            status,
            now: clock.now_frames,
            drawn: if state.visible {
                state.head_frames
            } else {
                at_edge.unwrap_or(clock.now_frames)
            },
            axis: analysis.axis(format.sample_rate, 512).ok(),
            settings: &mut settings,
            window: &mut window,
            glide: &mut glide,
        };
        for one in pushes() {
            view.push(match one.push {
                // What is let go stays where the hand left it.
                Push::Release { .. } if is_still => Push::Release { per_sec: 0.0 },
                push => push,
            });
        }
        view.go_on(time.delta_secs_f64(), is_still);
    }
}
