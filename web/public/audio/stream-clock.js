// Tells how many frames a live source owes: what the wall clock says should have come, less what
// came. Never makes a decision and never touches samples; all numbers are handed in.

// Seconds in which the small difference between the two clocks is followed.
const STEER_SECS = 10;

export class StreamClock {
  /** `rate` in Hz; `now` in milliseconds: the moment the first frames arrived. */
  constructor(rate, now) {
    this.rate = rate;
    this.start = now;
    this.frames = 0;
    this.base = 0;
  }

  /** Frames that should have come by `now` and did not; negative where more came. */
  late(now) {
    return Math.round(((now - this.start) / 1000) * this.rate - this.frames - this.base);
  }

  /** Frames came, or are accounted for by a gap. */
  advance(frames) {
    this.frames += frames;
  }

  /** Follows the drift between sound card and wall clock; a wall clock set back starts anew. */
  steer(now, frames) {
    const late = ((now - this.start) / 1000) * this.rate - this.frames - this.base;
    if (late < -this.rate / 4) this.base += late;
    else this.base += (late * frames) / (this.rate * STEER_SECS);
  }
}
