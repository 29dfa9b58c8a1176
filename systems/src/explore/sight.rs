//! What a view sees of an axis, and how that is panned and zoomed. Plain numbers: frames of time, or shares of a
//! frequency axis.

use std::ops::Range;

/// The shortest span that can be seen, frames.
pub const MIN_SPAN_FRAMES: f64 = 10.0;

/// A span, from its head back: of time from the front edge, of frequency from the highest one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// Its upper end.
    pub head: f64,
    /// How far it reaches back from there.
    pub span: f64,
}

/// Where a sight may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// What there is.
    pub range: Range<f64>,
    /// The shortest span.
    pub min_span: f64,
    /// The longest span.
    pub max_span: f64,
}

impl Bounds {
    fn fit(&self, span: f64) -> f64 {
        span.min(self.max_span).max(self.min_span)
    }
}

impl Sight {
    /// What is at a place: 0 is the head, 1 the back.
    #[must_use]
    pub fn at(&self, place: f64) -> f64 {
        self.head - place * self.span
    }

    /// Its place; see [`Self::at`].
    #[must_use]
    pub fn place_of(&self, what: f64) -> f64 {
        (self.head - what) / self.span
    }

    /// `factor` times as long, within the bounds. What is at `place` stays there, unless an end of the range comes
    /// nearer than that.
    #[must_use]
    pub fn zoomed(&self, factor: f64, place: f64, bounds: &Bounds) -> Self {
        let wanted = self.span * factor;
        let span = if wanted.is_finite() {
            bounds.fit(wanted)
        } else {
            self.span
        };
        let head = self.at(place) + place * span;
        Self { head, span }.within(bounds)
    }

    /// Moved so far, positive towards the upper end, within the bounds.
    #[must_use]
    pub fn panned(&self, far: f64, bounds: &Bounds) -> Self {
        let head = self.head + far;
        Self { head, ..*self }.within(bounds)
    }

    /// The same span, moved to where there is something: neither end is beyond an end of the range. What is longer than
    /// all there is has its head at the upper end.
    #[must_use]
    pub fn within(&self, bounds: &Bounds) -> Self {
        let (start, end) = (bounds.range.start, bounds.range.end);
        let span = bounds.fit(self.span);
        let head = self.head.min(end).max((start + span).min(end));
        Self { head, span }
    }

    /// So much of the way (0…1) to another sight. What both see at one place stays there on the way: the length
    /// changes by equal factors, and the head with it.
    #[must_use]
    pub fn towards(&self, to: &Self, share: f64) -> Self {
        let span = self.span * (to.span / self.span).powf(share);
        let way = to.span - self.span;
        let moved = if way.abs() > 1e-9 * self.span {
            (span - self.span) / way
        } else {
            share
        };
        Self {
            head: self.head + (to.head - self.head) * moved,
            span,
        }
    }

    /// Whether two of them look the same: apart by less than a `share` of what is seen.
    #[must_use]
    pub fn is_near(&self, other: &Self, share: f64) -> bool {
        let least = share * self.span.min(other.span);
        let back = |sight: &Self| sight.at(1.0);
        (self.head - other.head).abs() <= least && (back(self) - back(other)).abs() <= least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour at 48 kHz.
    const HOUR: f64 = 172_800_000.0;

    fn hour() -> Bounds {
        Bounds {
            range: 0.0..HOUR,
            min_span: MIN_SPAN_FRAMES,
            max_span: HOUR,
        }
    }

    #[test]
    fn zooming_keeps_the_frame_under_the_pointer() {
        let all = Sight {
            head: HOUR,
            span: HOUR,
        };
        let (place, factor) = (0.37, 0.8);
        let frame = all.at(place);
        let (mut sight, mut steps) = (all, 0);
        while sight.span > MIN_SPAN_FRAMES {
            sight = sight.zoomed(factor, place, &hour());
            steps += 1;
            assert!((sight.at(place) - frame).abs() < 1e-4, "{sight:?}");
        }
        assert!((70..80).contains(&steps), "{steps}");
        // And back: the whole again.
        for _ in 0..steps {
            sight = sight.zoomed(1.0 / factor, place, &hour());
        }
        assert_eq!(sight, all);
        assert_eq!(all.zoomed(f64::NAN, 0.5, &hour()), all);
        assert_eq!(all.zoomed(f64::INFINITY, 0.5, &hour()), all);
    }

    #[test]
    fn nothing_is_seen_beyond_the_ends() {
        let sight = Sight {
            head: 1000.0,
            span: 100.0,
        };
        let bounds = Bounds {
            range: 200.0..1200.0,
            min_span: MIN_SPAN_FRAMES,
            max_span: 5000.0,
        };
        assert_eq!(sight.panned(1e9, &bounds).head, 1200.0);
        assert_eq!(sight.panned(-1e9, &bounds).head, 300.0);
        // Longer than what there is: it ends with the newest frame.
        let long = sight.zoomed(20.0, 0.5, &bounds);
        assert_eq!((long.head, long.span), (1200.0, 2000.0));
        assert_eq!(sight.zoomed(1e9, 0.5, &bounds).span, 5000.0);
    }

    #[test]
    fn the_way_to_a_zoomed_sight_keeps_the_frame_too() {
        let from = Sight {
            head: 5000.0,
            span: 4000.0,
        };
        let to = from.zoomed(0.01, 0.25, &hour());
        let frame = from.at(0.25);
        for step in 0..=10 {
            let on_the_way = from.towards(&to, f64::from(step) / 10.0);
            assert!((on_the_way.at(0.25) - frame).abs() < 1e-9);
        }
        assert!(from.towards(&to, 1.0).is_near(&to, 1e-9));
        assert!((from.towards(&to, 0.5).span - 400.0).abs() < 1e-9);
        // A pan alone goes in equal steps.
        let aside = from.panned(1000.0, &hour());
        assert_eq!(from.towards(&aside, 0.5).head, 5500.0);
    }
}
