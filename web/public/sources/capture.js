// What the sources with an AudioContext share: the context, the capturing worklet, and waking a
// suspended context on a gesture. Never chooses what is played into it.

import { Trouble } from "../trouble.js";

const WORKLET = new URL("../audio/worklet.js", import.meta.url);
const SIGNAL_HINT = "a built-in signal works.";
const WAKE_TEXT = "Click to start the sound.";

/** A context at `rate` Hz where the browser can have one, else at its own rate. */
export function newContext(rate) {
  if (!("audioWorklet" in (globalThis.AudioContext?.prototype ?? {}))) throw noCapture();
  try {
    return new AudioContext({ latencyHint: "interactive", ...(rate ? { sampleRate: rate } : {}) });
  } catch {
    return new AudioContext({ latencyHint: "interactive" });
  }
}

/** Ends all tracks of a stream that is not used. */
export function release(stream) {
  for (const track of stream.getTracks()) track.stop();
}

export class Capture {
  constructor(context, channels) {
    this.context = context;
    this.channels = channels;
    this.node = null;
    this.onstate = null;
  }

  /**
   * Puts the worklet in place with its `feed`: `{ring, layout}` or `{blocks, blockFrames}`. What is connected
   * afterwards is captured from its first frame.
   */
  async begin(feed, events) {
    await this.context.audioWorklet.addModule(WORKLET);
    this.node = new AudioWorkletNode(this.context, "soundfall-capture", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: this.channels,
      channelCountMode: "explicit",
      channelInterpretation: "discrete",
    });
    this.node.onprocessorerror = () => events.failed("The capture on the audio thread failed.");
    // Its output is silence; only what leads to the speakers is sure to run in every browser.
    this.node.connect(this.context.destination);
    const message = { channels: this.channels, ...feed };
    const begun = new Promise((resolve) => {
      this.node.port.onmessage = resolve;
      // A context that sleeps may not answer; then nothing can be missed either.
      setTimeout(resolve, 500);
    });
    this.node.port.postMessage(message, feed.blocks ? [feed.blocks] : []);
    this.#watch(events);
    await begun;
  }

  /** The source is gone (true) or back (false). */
  lost(lost) {
    this.node.port.postMessage({ lost });
  }

  /** Closes the ring, then calls `done`. */
  close(done) {
    this.node.port.onmessage = ({ data }) => data.closed && done();
    this.node.port.postMessage({ close: true });
  }

  end() {
    this.#forget();
    this.context.onstatechange = null;
    this.node?.disconnect();
    this.context.close().catch(() => {}); // it was closed before
  }

  /** A context that may not run says so, and any click or key wakes it. */
  #watch(events) {
    const wake = () => this.context.resume();
    const forget = () => {
      removeEventListener("pointerdown", wake, true);
      removeEventListener("keydown", wake, true);
    };
    let asleep = false;
    const look = () => {
      const sleeps = this.context.state !== "running";
      if (sleeps === asleep || this.context.state === "closed") return;
      asleep = sleeps;
      events.trouble("context", sleeps ? WAKE_TEXT : null);
      forget();
      if (!sleeps) return;
      addEventListener("pointerdown", wake, true);
      addEventListener("keydown", wake, true);
    };
    this.context.onstatechange = look;
    this.context.resume().catch(() => {});
    // Give the browser a moment before it is said: contexts start suspended.
    const first = setTimeout(look, 300);
    this.#forget = () => {
      clearTimeout(first);
      forget();
    };
  }

  #forget = () => {};
}

function noCapture() {
  return new Trouble(
    "This page can take in no sound",
    window.isSecureContext
      ? "This browser has no AudioWorklet, by which a page takes in sound."
      : "Browsers let only pages take in sound that come over https or from this computer.",
    window.isSecureContext ? `An up-to-date Chrome, Edge, Firefox or Safari has one; ${SIGNAL_HINT}` : `Open the page over https; ${SIGNAL_HINT}`,
  );
}
