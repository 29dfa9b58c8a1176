// Brings a source, a ring, an analysis worker and the app together, and exchanges them when another
// source is chosen. Never looks at samples itself.

import { blockFramesFor } from "./audio/ring-writer.js";
import { Trouble } from "./trouble.js";

const WORKER = new URL("./audio/analysis-worker.js", import.meta.url);
// A source whose worker failed that often gets no other one.
const MAX_FAILURES = 3;
// How long it is said that another worker took its place.
const SAID_MS = 8000;

/** Takes every call of the app and does nothing. */
const NO_APP = new Proxy({}, { get: () => () => {} });

export class Engine {
  /** `app`: exports of the app's module; `web`: those of the small module, and `web.module`, as it was compiled. */
  constructor({ app, web, historySecs }) {
    this.app = app;
    this.web = web;
    this.historySecs = historySecs;
    this.shared = self.crossOriginIsolated && typeof SharedArrayBuffer === "function";
    this.current = null;
    this.trouble = null;
    this.turn = 0;
  }

  /**
   * Shows this opened source from now on; the one before ends when the new one stands. False where
   * another one was chosen meanwhile.
   */
  async use(source) {
    this.turn += 1;
    const mine = this.turn;
    const run = { source, name: source.name, troubles: new Map(), failed: null, note: null, ended: false, failures: 0 };
    try {
      const feed = this.shared ? this.#share(run) : await this.#copy(run);
      await source.run(feed, this.#events(run));
      if (mine !== this.turn) {
        this.#end(run);
        return false;
      }
      if (this.shared) this.app.attach({ name: run.name, ring: run.ring, queue: run.queue });
      else this.app.attach({ name: run.name, header: run.header, post: run.post });
    } catch (error) {
      this.#end(run);
      throw Trouble.from(error, "This source could not be started");
    }
    const before = this.current;
    this.current = run;
    this.app.setEnded(run.ended);
    this.#say(run);
    if (before) this.#end(before);
    return true;
  }

  /** The app is no more and may not be called. What is captured goes on into its ring. */
  pictureGone() {
    this.app = NO_APP;
  }

  /** Ring and request queue in shared memory; the worker sleeps on the queue. */
  #share(run) {
    const { source } = run;
    const { rate, channels, name } = source;
    run.ring = this.web.createRing(rate, channels, this.historySecs, blockFramesFor(rate), name);
    this.#serve(run);
    return { ring: run.ring, layout: this.web.ringLayout() };
  }

  /** A new worker for the ring of a run, and a new queue. */
  #serve(run) {
    run.queue = this.web.createRequestQueue();
    run.worker = this.#worker(run);
    run.worker.postMessage({ module: this.web.module, ring: run.ring, queue: run.queue });
  }

  /** The ring lives in the worker; its header comes here as a copy. */
  async #copy(run) {
    const { rate, channels, name } = run.source;
    const blockFrames = blockFramesFor(rate);
    const { port1, port2 } = new MessageChannel();
    run.worker = this.#worker(run);
    run.post = (request) => run.worker?.postMessage({ request });
    await new Promise((resolve, reject) => {
      run.worker.addEventListener("message", ({ data }) => {
        if (data.failed) reject(new Error(data.failed));
        if (data.header) resolve();
      });
      run.worker.addEventListener("error", () => reject(new Error("The analysis worker could not be started.")));
      const copied = { rate, channels, historySecs: this.historySecs, blockFrames, label: name };
      run.worker.postMessage({ module: this.web.module, copied, blocks: port1 }, [port1]);
    });
    return { blocks: port2, blockFrames };
  }

  #worker(run) {
    const worker = new Worker(WORKER, { type: "module", name: "soundfall analysis" });
    worker.addEventListener("message", ({ data }) => this.#take(run, worker, data));
    worker.addEventListener("error", (event) => this.#workerFailed(run, worker, event.message || "no reason is given"));
    return worker;
  }

  #take(run, worker, data) {
    if (worker !== run.worker) return;
    const shown = run === this.current;
    if (data.header) {
      run.header = data.header;
      if (shown) this.app.takeHeader(data.header);
    }
    if (data.response && shown) this.app.takeResponse(data.response);
    if (data.failed) this.#workerFailed(run, worker, data.failed);
  }

  /** What the worker owes is answered as failed; over a shared ring another worker takes its place. */
  #workerFailed(run, worker, text) {
    if (run.over || worker !== run.worker) return;
    worker.terminate();
    run.worker = null;
    run.failures += 1;
    const shown = run === this.current;
    if (shown) this.app.workerFailed(text);
    if (!this.shared || run.failures > MAX_FAILURES) {
      this.#fail(run, `The analysis has failed: ${text}`);
      return;
    }
    this.#serve(run);
    if (!shown) return;
    this.app.reconnect(run.queue);
    this.#note(run, `The analysis has failed and was started again: ${text}`);
  }

  /** Says this for a while, over whatever else is wrong. */
  #note(run, text) {
    run.note = text;
    this.#say(run);
    clearTimeout(run.noting);
    run.noting = setTimeout(() => {
      run.note = null;
      this.#say(run);
    }, SAID_MS);
  }

  /** What a source may tell while it runs. */
  #events(run) {
    return {
      /** What is wrong now, one text a kind, so that curing one leaves the others; null: cured. */
      trouble: (kind, text) => {
        if (text === null) run.troubles.delete(kind);
        else run.troubles.set(kind, text);
        this.#say(run);
      },
      /** What no cure follows. */
      failed: (text) => this.#fail(run, text),
      ended: () => {
        run.ended = true;
        if (run === this.current) this.app.setEnded(true);
      },
    };
  }

  #fail(run, text) {
    if (run.over) return;
    run.note = null;
    run.failed = text;
    this.#say(run);
  }

  #say(run) {
    if (run !== this.current) return;
    const [first] = run.troubles.values();
    this.trouble = run.note ?? run.failed ?? first ?? null;
    this.app.setTrouble(this.trouble ?? undefined);
  }

  #end(run) {
    run.over = true;
    run.source.stop();
    run.worker?.terminate();
  }
}
