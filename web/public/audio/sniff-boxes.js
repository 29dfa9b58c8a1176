// Reads rate, channels and length from the headers of MP4 and WebM files, and what AAC says about
// itself. Never decodes; throws a RangeError where the bytes end in the middle of a header.

/** `length` bytes from `at` on as letters; fewer where the bytes end. */
export function text(view, at, length) {
  let out = "";
  for (let i = 0; i < length && at + i < view.byteLength; i += 1) out += String.fromCharCode(view.getUint8(at + i));
  return out;
}

export const AAC_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
const AAC_CHANNELS = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8 };
// At such a rate there may be an extension, not announced, that doubles the rate and makes one channel two.
const EXTENDED_RATE = 24000;
const EXTENDED_INDEX = AAC_RATES.indexOf(EXTENDED_RATE);

/** Rate and channels of AAC by the numbers of its header; undefined where these do not decide it. */
export function aac(rateIndex, channelIndex) {
  const rate = AAC_RATES[rateIndex];
  const channels = AAC_CHANNELS[channelIndex];
  if (!(rate > EXTENDED_RATE)) return { channels: channels === 1 ? undefined : channels };
  return { rate, channels };
}

/** `base`: where in the file the bytes stand; there a box begins. */
export function mp4(view, fileBytes, base) {
  if (base === 0 && text(view, 4, 4) !== "ftyp") return null;
  for (const { kind, at, from, to } of boxes(view, 0, fileBytes - base)) {
    if (at + 16 > view.byteLength) return { kind: "MP4", elsewhere: base + at };
    if (kind !== "moov") continue;
    // From its beginning on more of it fits into the piece that is read.
    if (to > view.byteLength && at > 0) return { kind: "MP4", elsewhere: base + at };
    return { kind: "MP4", ...movie(view, from, Math.min(to, view.byteLength)) };
  }
  return { kind: "MP4" };
}

/** The boxes between two places: `at` is where one begins, `from` where its content does. One beyond the bytes is the last. */
function* boxes(view, begin, end) {
  let at = begin;
  while (at + 8 <= end) {
    if (at + 8 > view.byteLength) {
      yield { kind: "", at, from: at, to: end };
      return;
    }
    let size = view.getUint32(at);
    let from = at + 8;
    if (size === 1 && at + 16 <= view.byteLength) {
      size = view.getUint32(at + 8) * 4294967296 + view.getUint32(at + 12);
      from = at + 16;
    }
    if (size === 0) size = end - at; // up to the end
    if (size < from - at) return;
    yield { kind: text(view, at + 4, 4), at, from, to: Math.min(at + size, end) };
    at += size;
  }
}

function movie(view, begin, end) {
  let found = {};
  for (const { kind, from, to } of boxes(view, begin, end)) {
    if (kind === "mvhd") found.seconds = durationOf(view, from);
    if (kind === "trak") found = { ...sound(view, from, Math.min(to, end)), ...found };
  }
  return found;
}

function durationOf(view, at) {
  const long = view.getUint8(at) === 1;
  const scale = view.getUint32(at + (long ? 20 : 12));
  const high = long ? view.getUint32(at + 24) : 0;
  const low = view.getUint32(at + (long ? 28 : 16));
  const unknown = low === 0 || low === 0xffffffff || scale === 0;
  return unknown ? undefined : (high * 4294967296 + low) / scale;
}

const TO_ENTRIES = ["mdia", "minf", "stbl", "stsd"];

/** Rate and channels of a track, where it is one of sound. */
function sound(view, begin, end) {
  let [from, to] = [begin, end];
  for (const wanted of TO_ENTRIES) {
    const box = [...boxes(view, from, to)].find(({ kind }) => kind === wanted);
    if (!box) return {};
    [from, to] = [box.from, Math.min(box.to, view.byteLength)];
  }
  const entry = text(view, from + 12, 4);
  if (entry === "mp4a") return aacEntry(view, from, to);
  // Others have their channels in the entry itself; a rate of 16 bits may be cut off.
  return /^(Opus|fLaC|alac|[st]owt|lpcm)$/.test(entry) ? { channels: view.getUint16(from + 32) } : {};
}

/** The entry's own count is often 2 whatever there is: the decoder's description decides. */
function aacEntry(view, from, to) {
  let at = from;
  while (at < to && !(view.getUint8(at) === 0x65 && text(view, at, 4) === "esds")) at += 1;
  if (at >= to) return {};
  at += 8; // name, version and flags
  // Descriptors: 3 holds 4, which holds 5, the one of the decoder.
  for (const [tag, skip] of [[3, 3], [4, 13], [5, 0]]) {
    if (view.getUint8(at) !== tag) return {};
    at += 1;
    while (view.getUint8(at) & 0x80) at += 1;
    at += 1 + skip;
  }
  const bits = view.getUint16(at);
  const [kind, rateIndex, channelIndex] = [bits >> 11, (bits >> 7) & 15, (bits >> 3) & 15];
  if (kind === 2) return aac(rateIndex, channelIndex);
  // 29: one channel from which two are made. Others have an extension as at a low rate.
  return { channels: kind === 29 ? 2 : aac(EXTENDED_INDEX, channelIndex).channels };
}

const EBML = 0x1a45dfa3;
const HOLDERS = new Set([0x18538067, 0x1549a966, 0x1654ae6b, 0xae, 0xe1]);
const AUDIO = 0xe1;
const CHANNELS = 0x9f;
const RATE = 0xb5;
const SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const CLUSTER = 0x1f43b675;

export function webm(view) {
  if (view.byteLength < 4 || view.getUint32(0) !== EBML) return null;
  const found = { kind: "WebM" };
  const time = { scale: 1e6, duration: 0 };
  try {
    elements(view, found, time);
  } catch (error) {
    // What was found before counts.
    if (!(error instanceof RangeError)) throw error;
  }
  if (time.duration > 0) found.seconds = (time.duration * time.scale) / 1e9;
  return found;
}

/** Goes through the elements before the sound itself; a holder is entered, the others are passed. */
function elements(view, found, time) {
  let at = 0;
  while (at + 2 <= view.byteLength) {
    const id = idAt(view, at);
    at += id.bytes;
    if (id.value === CLUSTER || at >= view.byteLength) break;
    const size = sizeAt(view, at);
    at += size.bytes;
    if (at + 8 > view.byteLength && size.value > view.byteLength - at) break;
    if (id.value === AUDIO && found.channels) break; // only the first track plays
    if (id.value === AUDIO) found.channels = 1; // unless it says otherwise
    if (id.value === CHANNELS) found.channels = uint(view, at, size.value);
    if (id.value === RATE) found.rate = float(view, at, size.value);
    if (id.value === SCALE) time.scale = uint(view, at, size.value);
    if (id.value === DURATION) time.duration = float(view, at, size.value);
    if (!HOLDERS.has(id.value)) at += size.value;
  }
}

function idAt(view, at) {
  const bytes = Math.clz32(view.getUint8(at)) - 23;
  if (bytes > 4) throw new RangeError("no element");
  return { value: uint(view, at, bytes), bytes };
}

function sizeAt(view, at) {
  const first = view.getUint8(at);
  const bytes = Math.clz32(first) - 23;
  if (bytes > 8) throw new RangeError("no size");
  let value = first & (0xff >> bytes);
  for (let i = 1; i < bytes; i += 1) value = value * 256 + view.getUint8(at + i);
  return { value, bytes };
}

function uint(view, at, bytes) {
  let value = 0;
  for (let i = 0; i < Math.min(bytes, 8); i += 1) value = value * 256 + view.getUint8(at + i);
  return value;
}

const float = (view, at, bytes) => (bytes === 8 ? view.getFloat64(at) : view.getFloat32(at));
