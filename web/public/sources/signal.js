// A built-in signal, rendered in a worker of its own by the same code as in the native program.
// Never makes a sound and needs no permission.

const WORKER = new URL("../audio/feeder-worker.js", import.meta.url);

/** `{signal, channels, rate, speed, seconds}`; all but the name have defaults. */
export function openSignal({ signal, channels = 1, rate = 48000, speed = 1, seconds }, module) {
  return new BuiltIn({ signal, channels, rate, speed, seconds }, module);
}

class BuiltIn {
  constructor(wanted, module) {
    this.name = wanted.signal;
    this.channels = wanted.channels;
    this.rate = wanted.rate;
    this.wanted = wanted;
    this.module = module;
  }

  /** What a link says to play it again. */
  get link() {
    return { signal: this.name, channels: this.channels };
  }

  /** Resolves when the signal plays; rejects where there is no such signal. */
  run(feed, events) {
    const { signal, channels, rate, speed, seconds: untilSecs } = this.wanted;
    const message = { module: this.module, signal, channels, rate, speed, untilSecs, ...feed };
    this.worker = new Worker(WORKER, { type: "module", name: "soundfall signal" });
    let begun = false;
    return new Promise((resolve, reject) => {
      const fail = (text) => {
        events.failed(text);
        reject(new Error(text));
      };
      this.worker.onmessage = ({ data }) => {
        if (data.begun) begun = true;
        if (data.begun) resolve();
        if (data.ended) events.ended();
        if (data.failed) fail(data.failed);
      };
      this.worker.onerror = ({ message }) =>
        fail(begun ? `The signal has stopped: ${message || "no reason is given"}` : "The worker that plays the signal could not be started.");
      this.worker.postMessage(message, feed.blocks ? [feed.blocks] : []);
    });
  }

  stop() {
    this.worker?.terminate();
  }
}
