// The analysis worker: owns the reader module and answers the app's requests, over shared memory or
// by messages. Never draws and never touches the sound's source. Runs until it is terminated.

import init, { Analyst, CopiedAnalyst } from "../reader/soundfall_web_reader.js";

// How long to sleep at most while there is nothing to do, and how often the header is told.
const SLEEP_MS = 250;
const HEADER_MS = 10;

/** Shared memory: sleeps on the desk and never returns. */
function serve({ ring, desk }) {
  const analyst = new Analyst(ring, desk);
  const words = new Int32Array(desk);
  const index = analyst.wait_index();
  for (;;) {
    const seen = Atomics.load(words, index);
    if (analyst.serve() === 0) Atomics.wait(words, index, seen, SLEEP_MS);
  }
}

/** No shared memory: the ring lives here, blocks come through `blocks`, requests from the page. */
function answer({ copied, blocks }) {
  const { rate, channels, historySecs, blockFrames, label } = copied;
  const analyst = new CopiedAnalyst(rate, channels, historySecs, blockFrames, label);
  const silence = new Float32Array(channels * blockFrames);
  let told = 0;
  let waiting = false;
  const tell = () => {
    waiting = false;
    told = performance.now();
    const header = analyst.header();
    self.postMessage({ header }, [header.buffer]);
  };
  const tellSoon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(tell, Math.max(0, HEADER_MS - (performance.now() - told)));
  };
  blocks.onmessage = ({ data }) => {
    if (data.block) {
      analyst.write(data.block);
      blocks.postMessage({ recycle: data.block }, [data.block.buffer]);
    }
    if (data.gap) {
      for (let i = 0; i < data.silentBlocks; i += 1) analyst.write(silence);
      analyst.gap(data.gap, data.reason);
    }
    if (data.closed) analyst.close();
    tellSoon();
  };
  self.onmessage = ({ data }) => {
    const reply = analyst.answer(data.request);
    self.postMessage({ reply }, [reply.buffer]);
  };
  tell();
}

self.onmessage = async ({ data }) => {
  try {
    await init({ module_or_path: data.module });
    if (data.ring) {
      self.postMessage({ ready: true });
      serve(data);
    } else answer(data);
  } catch (error) {
    self.postMessage({ failed: String(error?.message ?? error) });
  }
};
