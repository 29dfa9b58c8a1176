// Plays a built-in signal into a ring, or into a port, in real time: a worker of its own, so that
// neither the page nor the analysis can hold it up. Never makes a sound.

import init, { SignalFeeder } from "../module/soundfall_web.js";
import { PortWriter } from "./port-writer.js";
import { SharedRingWriter } from "./ring-writer.js";
import { DISCONTINUITY } from "./capture-line.js";

const STEP_MS = 10;
// Rendered at once at most, so that a stop is heard between two pieces.
const PIECE_FRAMES = 8192;
// The worker stood still for longer than this: the time is a gap, not caught up.
const FROZEN_SECS = 5;

function play({ signal, rate, channels, speed, untilSecs, ring, layout, blocks, blockFrames }) {
  const feeder = new SignalFeeder(signal, channels, rate);
  const writer = ring
    ? new SharedRingWriter(ring, layout)
    : new PortWriter(blocks, channels, blockFrames);
  self.postMessage({ begun: true });
  const last = untilSecs === undefined ? Infinity : Math.round(untilSecs * rate);
  const start = performance.now();
  let done = 0;
  let skipped = 0;

  const step = () => {
    writer.beat(Date.now());
    const elapsed = ((performance.now() - start) / 1000) * rate * speed;
    let due = Math.min(Math.floor(elapsed) - skipped, last) - done;
    if (due > FROZEN_SECS * rate * Math.max(1, speed)) {
      writer.gap(due, DISCONTINUITY);
      skipped += due;
      due = 0;
    }
    const until = performance.now() + 4 * STEP_MS;
    while (due > 0 && performance.now() < until) {
      const frames = Math.min(due, PIECE_FRAMES);
      const samples = feeder.render(frames);
      const planes = Array.from({ length: channels }, (_, channel) =>
        samples.subarray(channel * frames, (channel + 1) * frames),
      );
      writer.write(planes, frames);
      done += frames;
      due -= frames;
    }
    if (done < last) {
      setTimeout(step, due > 0 ? 0 : STEP_MS);
      return;
    }
    writer.close();
    self.postMessage({ ended: true });
  };
  step();
}

self.onmessage = async ({ data }) => {
  try {
    await init({ module_or_path: data.module });
    play(data);
  } catch (error) {
    self.postMessage({ failed: String(error?.message ?? error) });
  }
};
