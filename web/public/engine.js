// Brings a source, a ring, an analysis worker and the app together, and exchanges them when another
// source is chosen. Never looks at samples itself.

import { blockFramesFor } from "./audio/ring-writer.js";
import { Trouble } from "./trouble.js";

const ANALYST = new URL("./audio/analyst-worker.js", import.meta.url);

export class Engine {
  /** `app`: exports of the app's module; `reader`: the reader's compiled module. */
  constructor({ app, reader, historySecs }) {
    this.app = app;
    this.reader = reader;
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
    const run = { source, name: source.name, trouble: null, ended: false };
    try {
      const feed = this.shared ? this.#share(run) : await this.#copy(run);
      await source.run(feed, this.#events(run));
      if (mine !== this.turn) {
        this.#end(run);
        return false;
      }
      if (this.shared) this.app.attach({ name: run.name, ring: run.ring, desk: run.desk });
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

  /** Ends whatever runs; what is shown stays. */
  stop() {
    if (this.current) this.#end(this.current);
  }

  /** Ring and desk in shared memory; the worker sleeps on the desk. */
  #share(run) {
    const { source } = run;
    const { rate, channels, name } = source;
    run.ring = this.app.createRing(rate, channels, this.historySecs, blockFramesFor(rate), name);
    run.desk = this.app.createDesk();
    run.worker = this.#worker(run);
    run.worker.onmessage = ({ data }) => this.#heed(run, data);
    run.worker.postMessage({ module: this.reader, ring: run.ring, desk: run.desk });
    return { ring: run.ring, layout: this.app.ringLayout() };
  }

  /** The ring lives in the worker; its header comes here as a copy. */
  async #copy(run) {
    const { rate, channels, name } = run.source;
    const blockFrames = blockFramesFor(rate);
    const { port1, port2 } = new MessageChannel();
    run.worker = this.#worker(run);
    run.post = (request) => run.worker.postMessage({ request });
    await new Promise((resolve, reject) => {
      run.worker.onmessage = ({ data }) => {
        if (data.failed) reject(new Error(data.failed));
        this.#heed(run, data);
        if (data.header) resolve();
      };
      run.worker.addEventListener("error", () => reject(new Error("The analysis worker could not be started.")));
      const copied = { rate, channels, historySecs: this.historySecs, blockFrames, label: name };
      run.worker.postMessage({ module: this.reader, copied, blocks: port1 }, [port1]);
    });
    return { blocks: port2, blockFrames };
  }

  #worker(run) {
    const worker = new Worker(ANALYST, { type: "module", name: "soundfall analysis" });
    worker.addEventListener("error", (event) => this.#fail(run, event.message || "The analysis worker failed."));
    return worker;
  }

  #heed(run, data) {
    const shown = run === this.current;
    if (data.header) {
      run.header = data.header;
      if (shown) this.app.mirror(data.header);
    }
    if (data.reply && shown) this.app.reply(data.reply);
    if (data.failed) this.#fail(run, data.failed);
  }

  /** What a source may tell while it runs. */
  #events(run) {
    return {
      trouble: (text) => {
        run.trouble = text;
        this.#say(run);
      },
      failed: (text) => this.#fail(run, text),
      ended: () => {
        run.ended = true;
        if (run === this.current) this.app.setEnded(true);
      },
    };
  }

  #fail(run, text) {
    if (run.over) return;
    run.trouble = text;
    this.#say(run);
  }

  #say(run) {
    if (run !== this.current) return;
    this.trouble = run.trouble;
    this.app.setTrouble(run.trouble ?? undefined);
  }

  #end(run) {
    run.over = true;
    run.source.stop();
    run.worker?.terminate();
  }
}
