// The writer of pages without shared memory: whole planar blocks, handed over to the analysis
// worker through a port. Never shares memory and never waits; buffers that come back are used again.

/** Has the methods of `SharedRingWriter`. */
export class PortWriter {
  constructor(port, channels, blockFrames) {
    this.port = port;
    this.channels = channels;
    this.blockFrames = blockFrames;
    this.filled = 0;
    this.owed = 0;
    this.closed = false;
    this.spare = [];
    this.block = new Float32Array(channels * blockFrames);
    port.onmessage = ({ data }) => {
      if (data.recycle && this.spare.length < 8) this.spare.push(data.recycle);
    };
  }

  get fillFrames() {
    return Infinity;
  }

  write(planes, frames, from = 0) {
    let done = 0;
    while (done < frames && !this.closed) {
      const count = Math.min(frames - done, this.blockFrames - this.filled);
      for (let channel = 0; channel < this.channels; channel += 1) {
        const plane = planes[channel];
        const base = channel * this.blockFrames + this.filled;
        for (let i = 0; i < count; i += 1) this.block[base + i] = plane ? plane[from + done + i] : 0;
      }
      this.filled += count;
      done += count;
      if (this.filled === this.blockFrames) this.#send();
    }
  }

  /** The last part of the gap that is less than a block is only silence. */
  beginGap(frames, reason) {
    const head = Math.min(frames, (this.blockFrames - this.filled) % this.blockFrames);
    this.write([], head);
    const silentBlocks = Math.floor((frames - head) / this.blockFrames);
    const gap = head + silentBlocks * this.blockFrames;
    this.port.postMessage({ silentBlocks, gap, reason });
    this.write([], frames - gap);
  }

  gap(frames, reason) {
    this.beginGap(frames, reason);
  }

  fillGap() {
    return 0;
  }

  /** The worker gives the signs of life itself. */
  beat() {}

  close() {
    if (this.closed) return;
    if (this.filled > 0) this.write([], this.blockFrames - this.filled);
    this.closed = true;
    this.port.postMessage({ closed: true });
  }

  #send() {
    const { block } = this;
    this.filled = 0;
    this.block = this.spare.pop() ?? new Float32Array(this.channels * this.blockFrames);
    this.port.postMessage({ block }, [block.buffer]);
  }
}
