//! Which time a view shows: how its front edge moves, and where it is.

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};

use super::relations::ViewOf;
use crate::{
    analysis::AnalysisOf,
    stream::{Stream, StreamStatus},
};

/// How the front edge of a view moves. Frames are absolute frames of the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Follow {
    /// With the sound, so many seconds behind its newest sample (0 or more).
    Live {
        /// Distance to the newest sample, seconds.
        offset_secs: f64,
    },
    /// Stands still at a frame.
    Frozen {
        /// The frame at the front edge.
        frame: f64,
    },
    /// Moves at a speed of its own, until it reaches the newest sample.
    Playing {
        /// The frame at the front edge now.
        frame: f64,
        /// Seconds of sound a second, 1 as it was recorded.
        speed: f64,
    },
}

impl Default for Follow {
    fn default() -> Self {
        Self::Live { offset_secs: 0.0 }
    }
}

/// The time that a view shows: from the front edge back over its span
/// ([`super::ViewSettings::span_secs`]).
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeWindow {
    /// How the front edge moves.
    pub follow: Follow,
}

impl TimeWindow {
    /// True where the front edge is the newest sound.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.follow, Follow::Live { offset_secs } if offset_secs <= 0.0)
    }

    /// The frame at the front edge, where it is not the newest sound itself. `now_frames` is the
    /// stream's clock.
    #[must_use]
    pub fn frame(&self, now_frames: f64, sample_rate: u32) -> Option<f64> {
        match self.follow {
            Follow::Live { offset_secs } if offset_secs <= 0.0 => None,
            Follow::Live { offset_secs } => {
                Some((now_frames - offset_secs * f64::from(sample_rate)).max(0.0))
            }
            Follow::Frozen { frame } | Follow::Playing { frame, .. } => Some(frame.max(0.0)),
        }
    }
}

/// Moves the windows that play. Set `Sync`, after the clocks. One that reaches the newest sample
/// is live from then on, or stands still there where no more will come; one that reaches frame 0 backwards stands
/// still there.
pub fn move_time_windows(
    time: Res<Time<Real>>,
    mut views: Query<(&mut TimeWindow, &ViewOf)>,
    analyses: Query<&AnalysisOf>,
    streams: Query<(&Stream, &StreamStatus)>,
) {
    for (mut window, of) in &mut views {
        let Follow::Playing { frame, speed } = window.follow else {
            continue;
        };
        let stream = analyses.get(of.0).and_then(|of| streams.get(of.0));
        let Ok((stream, status)) = stream else {
            continue;
        };
        let rate = f64::from(stream.history.format().sample_rate);
        let next = frame + time.delta_secs_f64() * rate * speed;
        let newest = status.written_frames as f64;
        let is_over = status.ended || stream.history.writer_state().is_none();
        window.follow = if next >= newest && is_over {
            Follow::Frozen { frame: newest }
        } else if next >= newest {
            Follow::Live { offset_secs: 0.0 }
        } else if next <= 0.0 && speed <= 0.0 {
            Follow::Frozen { frame: 0.0 }
        } else {
            Follow::Playing { frame: next, speed }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_edge_is_where_the_window_says() {
        let at = |follow| TimeWindow { follow }.frame(96_000.0, 48_000);
        assert_eq!(at(Follow::Live { offset_secs: 0.0 }), None);
        assert_eq!(at(Follow::Live { offset_secs: 0.5 }), Some(72_000.0));
        assert_eq!(at(Follow::Live { offset_secs: 9.0 }), Some(0.0));
        assert_eq!(at(Follow::Frozen { frame: 5.0 }), Some(5.0));
        let playing = Follow::Playing {
            frame: 7.0,
            speed: 2.0,
        };
        assert_eq!(at(playing), Some(7.0));
    }
}
