// A short planar queue of frames, for the moments in which samples may not yet go into the ring.
// Never grows: what does not fit is refused.

export class Fifo {
  constructor(channels, capacity) {
    this.planes = Array.from({ length: channels }, () => new Float32Array(capacity));
    this.capacity = capacity;
    this.from = 0;
    this.length = 0;
  }

  /** Takes all `frames` of `planes`, or none and says false. */
  push(planes, frames) {
    if (this.length + frames > this.capacity) return false;
    let at = (this.from + this.length) % this.capacity;
    for (let i = 0; i < frames; i += 1) {
      for (let channel = 0; channel < this.planes.length; channel += 1) {
        const plane = planes[channel];
        this.planes[channel][at] = plane === undefined ? 0 : plane[i];
      }
      at = at + 1 === this.capacity ? 0 : at + 1;
    }
    this.length += frames;
    return true;
  }

  /** Hands at most `frames` frames to `writer.write`, oldest first. */
  drain(writer, frames) {
    let left = Math.min(frames, this.length);
    while (left > 0) {
      const count = Math.min(left, this.capacity - this.from);
      writer.write(this.planes, count, this.from);
      this.from = (this.from + count) % this.capacity;
      this.length -= count;
      left -= count;
    }
  }
}
