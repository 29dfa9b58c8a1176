// The analysis worker: owns an instance of the small module and answers the app's requests, over
// shared memory or by messages. Never draws and never touches the sound's source. Runs until it is
// terminated.

import init, { AnalysisWorker, CopyingAnalysisWorker } from "../module/soundfall_web.js";

// How long to sleep at most while there is nothing to do, and how often the header is told.
const SLEEP_MS = 250;
const HEADER_MS = 10;

/** Shared memory: sleeps on the queue and never returns. */
function serve({ ring, queue }) {
  const worker = new AnalysisWorker(ring, queue);
  const words = new Int32Array(queue);
  const index = worker.waitIndex;
  for (;;) {
    const seen = Atomics.load(words, index);
    if (worker.serve() === 0) Atomics.wait(words, index, seen, SLEEP_MS);
  }
}

/** No shared memory: the ring lives here, blocks come through `blocks`, requests from the page. */
function answer({ copied, blocks }) {
  const { rate, channels, historySecs, blockFrames, label } = copied;
  const worker = new CopyingAnalysisWorker(rate, channels, historySecs, blockFrames, label);
  let told = 0;
  let waiting = false;
  const tell = () => {
    waiting = false;
    told = performance.now();
    const header = worker.header();
    self.postMessage({ header }, [header.buffer]);
  };
  const tellSoon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(tell, Math.max(0, HEADER_MS - (performance.now() - told)));
  };
  blocks.onmessage = ({ data }) => {
    if (data.block) {
      worker.write(data.block);
      blocks.postMessage({ recycle: data.block }, [data.block.buffer]);
    }
    if (data.gap) {
      worker.writeSilence(data.silentBlocks);
      worker.recordGap(data.gap, data.reason);
    }
    if (data.closed) worker.close();
    tellSoon();
  };
  self.onmessage = ({ data }) => {
    const response = worker.answer(data.request);
    self.postMessage({ response }, [response.buffer]);
  };
  tell();
}

self.onmessage = async ({ data }) => {
  try {
    await init({ module_or_path: data.module });
    if (data.ring) serve(data);
    else answer(data);
  } catch (error) {
    self.postMessage({ failed: String(error?.message ?? error) });
  }
};
