// A worker that writes a ring as fast as it can: every sample holds its own frame number, modulo
// 2^24, negative on the second channel. Ends when the first word of `stop` is set.

import { workerData } from "node:worker_threads";
import { SharedRingWriter } from "../../public/audio/ring-writer.js";

const { buffer, layout, stop } = workerData;
const writer = new SharedRingWriter(buffer, layout);
const flag = new Int32Array(stop);
const CHUNK = 100;
const planes = [new Float32Array(CHUNK), new Float32Array(CHUNK)];
let frame = 0;
while (Atomics.load(flag, 0) === 0) {
  for (let i = 0; i < CHUNK; i += 1) {
    planes[0][i] = (frame + i) % 16777216;
    planes[1][i] = -planes[0][i];
  }
  writer.write(planes, CHUNK);
  frame += CHUNK;
}
