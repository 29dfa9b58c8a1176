// Decides what a live source's frames become: samples, or a gap where time passed without them.
// Runs on the audio thread: never allocates per call, never does more than a bounded piece of work.

import { Fifo } from "./fifo.js";
import { StreamClock } from "./stream-clock.js";

// Reasons of the ring's gap table.
export const DEVICE_LOST = 2;
export const DISCONTINUITY = 3;
// More than this missing is a gap, in milliseconds; less is jitter.
const TOLERANCE_MS = 250;
// How long late frames may still come in a burst before they count as lost.
const SETTLE_MS = 100;
// Frames taken from the queue at once.
const DRAIN_FRAMES = 1024;
// Samples the queue holds at most.
const QUEUE_SAMPLES = 4194304;

export class CaptureLine {
  constructor(writer, rate, channels) {
    this.writer = writer;
    this.rate = rate;
    this.queue = new Fifo(channels, Math.min(rate, Math.floor(QUEUE_SAMPLES / channels)));
    this.clock = null;
    this.away = false;
    this.settleUntil = 0;
    this.tolerance = Math.round((rate * TOLERANCE_MS) / 1000);
  }

  /** The source gives nothing: stands still. The time until frames come again becomes a gap. */
  stand(now) {
    if (this.clock === null || this.away) return;
    this.#finish(now);
    this.away = true;
  }

  /** Takes one render quantum: `planes[channel]` of `frames` frames, at `now` milliseconds. */
  take(planes, frames, now) {
    if (this.clock === null) this.clock = new StreamClock(this.rate, now);
    const late = this.clock.late(now);
    if (this.away) {
      this.away = false;
      this.#gap(late - frames, DEVICE_LOST);
    } else if (late > this.tolerance && this.settleUntil === 0) {
      this.settleUntil = now + SETTLE_MS;
    }
    if (this.settleUntil === 0 && this.queue.length === 0 && this.writer.owed === 0) {
      this.writer.write(planes, frames);
      this.clock.advance(frames);
      this.clock.steer(now, frames);
      return;
    }
    // What finds no room is missing, and so becomes a gap in its turn.
    if (this.queue.push(planes, frames)) this.clock.advance(frames);
    else this.settleUntil = Math.min(this.settleUntil, now);
    if (this.settleUntil > 0) {
      if (now < this.settleUntil) return;
      this.#settle(now);
    }
    if (this.writer.owed > 0 && this.writer.fillGap() > 0) return;
    this.queue.drain(this.writer, DRAIN_FRAMES);
  }

  /** Writes what is still queued and closes the ring. */
  close(now) {
    if (this.clock !== null && !this.away) this.#finish(now);
    this.writer.close();
  }

  #finish(now) {
    if (this.settleUntil > 0) this.#settle(now);
    while (this.writer.owed > 0) this.writer.fillGap();
    this.queue.drain(this.writer, this.queue.capacity);
  }

  /** The burst is over: what is late now will not come any more. */
  #settle(now) {
    this.settleUntil = 0;
    const late = this.clock.late(now);
    if (late > this.tolerance) this.#gap(late, DISCONTINUITY);
  }

  #gap(frames, reason) {
    if (frames <= 0) return;
    this.writer.beginGap(frames, reason);
    this.clock.advance(frames);
  }
}
