// The one writer of a ring in shared memory. Never reads samples back, never waits for a reader,
// and allocates nothing per call once made.

// Base layout, version 1: byte offsets of the header's fixed facts.
const FIELD = { channels: 24, capacity: 32, blockFrames: 48 };
const WORD = 8;
const TWO_32 = 4294967296;
// Samples that one call of `fillGap` sets to zero at most: 2 MB, a fraction of a render quantum.
const FILL_SAMPLES = 262144;

/** Frames a block for a rate: about 10 ms, a power of two, as the native program has it. */
export function blockFramesFor(rate) {
  return 2 ** Math.ceil(Math.log2(Math.max(1, rate / 100)));
}

/**
 * The one writer of a ring. Samples go straight into the block that is being written: its claim is
 * stored before the first of them, its sequence after the last.
 */
export class SharedRingWriter {
  /** `buffer`: a ring with a finished header; `layout`: the byte offsets from `ringLayout()`. */
  constructor(buffer, layout) {
    this.int32 = new Int32Array(buffer);
    this.words = new BigInt64Array(buffer, 0, layout.headerBytes / WORD);
    const fact = (offset) => this.int32[offset / 4] + this.int32[offset / 4 + 1] * TWO_32;
    this.channels = fact(FIELD.channels);
    this.capacity = fact(FIELD.capacity);
    this.blockFrames = fact(FIELD.blockFrames);
    this.samples = new Float64Array(buffer, layout.headerBytes, this.channels * this.capacity);
    this.header = new Float64Array(buffer, 0, layout.headerBytes / WORD);
    this.layout = layout;
    this.sequence = 0;
    this.filled = 0; // frames of the block being written
    this.at = 0; // index of the next frame
    this.gaps = 0;
    this.owed = 0; // frames of a gap not yet set to zero
    this.leap = 0; // blocks a gap longer than the ring skips at once
    this.beatAt = 0;
    this.closed = false;
    this.word = new Float64Array(1);
    this.halves = new Int32Array(this.word.buffer);
  }

  /** Frames that one `fillGap` covers. */
  get fillFrames() {
    return Math.max(1, Math.floor(FILL_SAMPLES / this.channels));
  }

  /**
   * Writes `frames` frames of `planes[channel]` from index `from` on; any number of frames. A plane
   * that is missing is silence. Not to be called while a gap is being filled.
   */
  write(planes, frames, from = 0) {
    let done = 0;
    while (done < frames && !this.closed) {
      const count = this.#room(frames - done);
      for (let channel = 0; channel < this.channels; channel += 1) {
        const plane = planes[channel];
        const base = channel * this.capacity + this.at;
        if (plane === undefined) {
          this.samples.fill(0, base, base + count);
        } else {
          const first = from + done;
          for (let i = 0; i < count; i += 1) this.samples[base + i] = plane[first + i];
        }
      }
      this.#advance(count);
      done += count;
    }
  }

  /** Records that `frames` frames are lost from here on and fills all of them with zeros. */
  gap(frames, reason) {
    this.beginGap(frames, reason);
    while (this.fillGap() > 0);
  }

  /** Records a gap of `frames` frames from here on; `fillGap` then has to be called until it gives 0. */
  beginGap(frames, reason) {
    if (this.closed || frames <= 0) return;
    const { layout } = this;
    const entry = layout.gapTable + (this.gaps % layout.gapEntries) * layout.gapEntryBytes;
    // A reader that sees a word of the new entry also sees the total before it.
    Atomics.load(this.int32, layout.gapTotal / 4);
    this.#pair(entry, this.sequence * this.blockFrames + this.filled);
    this.#pair(entry + WORD, frames);
    this.#pair(entry + 2 * WORD, reason);
    this.#pair(entry + 3 * WORD, 0);
    this.gaps += 1;
    this.#publish(layout.gapTotal, this.gaps);
    this.owed += frames;
    // Longer than the ring: nothing older stays, so the blocks in between need no zeros of their own.
    if (this.leap === 0 && this.owed >= this.capacity) {
      this.leap = Math.floor((this.filled + this.owed) / this.blockFrames);
      this.leapAt = 0;
      this.#claim(this.sequence + this.leap);
    }
  }

  /** Sets a bounded number of the frames of a gap to zero; gives the number still to do. */
  fillGap() {
    if (this.leap > 0) return this.#fillLeap();
    let budget = Math.min(this.owed, this.fillFrames);
    while (budget > 0 && !this.closed) {
      const count = this.#room(budget);
      for (let channel = 0; channel < this.channels; channel += 1) {
        const base = channel * this.capacity + this.at;
        this.samples.fill(0, base, base + count);
      }
      this.#advance(count);
      this.owed -= count;
      budget -= count;
    }
    return this.owed;
  }

  /** A sign of life, at most every 100 ms; `now` in milliseconds since 1970. */
  beat(now) {
    if (now - this.beatAt < 100 && now >= this.beatAt) return;
    this.beatAt = now;
    // One move of 64 bits without making a BigInt. As a double these bits are an ordinary number, so
    // an audio thread that flushes tiny numbers to zero leaves them alone.
    const nanoseconds = now * 1e6;
    this.halves[1] = Math.floor(nanoseconds / TWO_32);
    this.halves[0] = nanoseconds % TWO_32;
    this.header[this.layout.heartbeat / WORD] = this.word[0];
  }

  /** Completes the last block with silence and marks the ring as closed. */
  close() {
    if (this.closed) return;
    while (this.owed > 0) this.fillGap();
    if (this.filled > 0) this.write([], this.blockFrames - this.filled);
    this.closed = true;
    this.#publish(this.layout.state, this.layout.stateClosed);
  }

  /** Zeroes the whole ring piece by piece under one claim, then makes all skipped blocks visible. */
  #fillLeap() {
    const count = Math.min(this.fillFrames, this.capacity - this.leapAt);
    for (let channel = 0; channel < this.channels; channel += 1) {
      const base = channel * this.capacity + this.leapAt;
      this.samples.fill(0, base, base + count);
    }
    this.leapAt += count;
    if (this.leapAt < this.capacity) return this.owed;
    const rest = this.filled + this.owed - this.leap * this.blockFrames;
    this.sequence += this.leap;
    this.filled = 0;
    this.at = (this.sequence * this.blockFrames) % this.capacity;
    this.leap = 0;
    this.owed = rest;
    this.#publish(this.layout.sequence, this.sequence);
    return this.owed;
  }

  /** How many of `frames` fit before the end of the block or of the ring; claims a new block. */
  #room(frames) {
    if (this.filled === 0) this.#claim(this.sequence + 1);
    return Math.min(frames, this.blockFrames - this.filled, this.capacity - this.at);
  }

  #claim(value) {
    this.#publish(this.layout.claim, value);
    // A load after the store: no later sample can become visible before the claim, on any processor.
    Atomics.load(this.int32, this.layout.claim / 4);
  }

  #advance(count) {
    this.filled += count;
    this.at += count;
    if (this.at === this.capacity) this.at = 0;
    if (this.filled === this.blockFrames) {
      this.filled = 0;
      this.sequence += 1;
      this.#publish(this.layout.sequence, this.sequence);
    }
  }

  /** Stores a counter atomically: its low half alone, all 64 bits where that has wrapped. */
  #publish(offset, value) {
    const low = value | 0; // modulo 2^32, exact up to 2^53
    const index = offset / 4;
    if (Math.floor(value / TWO_32) === this.int32[index + 1]) Atomics.store(this.int32, index, low);
    else Atomics.store(this.words, offset / WORD, BigInt(value));
  }

  /** Stores a word of a gap entry; readers look at it only after the total. */
  #pair(offset, value) {
    this.int32[offset / 4] = value % TWO_32;
    this.int32[offset / 4 + 1] = Math.floor(value / TWO_32);
  }
}
