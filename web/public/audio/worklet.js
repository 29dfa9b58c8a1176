// The audio thread's end: an AudioWorklet processor that hands every render quantum of its input to
// a writer. Never allocates per quantum, never waits, never makes a sound.

import { CaptureLine } from "./capture-line.js";
import { PortWriter } from "./port-writer.js";
import { SharedRingWriter } from "./ring-writer.js";

class SoundfallCapture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.line = null;
    this.lost = false;
    this.over = false;
    this.port.onmessage = ({ data }) => this.receive(data);
  }

  /** `{ring, layout}` or `{blocks, blockFrames}` begins; `{lost}` and `{close}` come later. */
  receive(message) {
    if (message.channels) {
      const writer = message.ring
        ? new SharedRingWriter(message.ring, message.layout)
        : new PortWriter(message.blocks, message.channels, message.blockFrames);
      this.line = new CaptureLine(writer, sampleRate, message.channels);
      this.port.postMessage({ begun: true });
    }
    if (message.lost !== undefined) this.lost = message.lost;
    if (message.close) {
      this.line?.close(Date.now());
      this.over = true;
      this.port.postMessage({ closed: true });
    }
  }

  process(inputs) {
    if (this.over) return false;
    if (this.line === null) return true;
    const now = Date.now();
    const input = inputs[0];
    this.line.writer.beat(now);
    if (this.lost || input.length === 0) this.line.stand(now);
    else this.line.take(input, input[0].length, now);
    return true;
  }
}

registerProcessor("soundfall-capture", SoundfallCapture);
