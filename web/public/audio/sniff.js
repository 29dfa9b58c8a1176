// Reads rate, channels and length from the first bytes of a sound file, so that it can be played at
// its own rate. Never decodes; what it does not know is left to the browser.

import { AAC_RATES, aac, mp4, text, webm } from "./sniff-boxes.js";

/**
 * Gives `{kind, rate, channels, seconds, elsewhere}` (all but `kind` may be undefined), or null. `elsewhere`: more stands
 * at that byte of the file; `bytes` from there on, with what was found so far as `before`, go on.
 */
export function sniff(bytes, fileBytes = bytes.byteLength, before = undefined) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (before) return goOn(view, fileBytes, before);
    return (
      wav(view) ?? flac(view) ?? ogg(view, fileBytes) ?? mp3(view, fileBytes, 0) ?? adts(view, 0, fileBytes) ??
      mp4(view, fileBytes, 0) ?? webm(view)
    );
  } catch {
    if (!before) return null; // ends in the middle of a header
    const { elsewhere, ...known } = before;
    return known;
  }
}

function goOn(view, fileBytes, { elsewhere, ...before }) {
  if (before.kind === "MP4") return mp4(view, fileBytes, elsewhere);
  if (before.kind === "MP3") return mp3(view, fileBytes, elsewhere) ?? adts(view, 0, fileBytes - elsewhere) ?? before;
  return oggEnd(view, before);
}

function wav(view) {
  const kind = text(view, 0, 4);
  if ((kind !== "RIFF" && kind !== "RF64") || text(view, 8, 4) !== "WAVE") return null;
  const found = { kind: "WAV" };
  let at = 12;
  while (at + 8 <= view.byteLength) {
    const name = text(view, at, 4);
    const length = view.getUint32(at + 4, true);
    if (name === "fmt ") {
      found.channels = view.getUint16(at + 10, true);
      found.rate = view.getUint32(at + 12, true);
      found.bytesPerSecond = view.getUint32(at + 16, true);
    }
    if (name === "data") {
      if (found.bytesPerSecond && length < 0xffffffff) found.seconds = length / found.bytesPerSecond;
      break;
    }
    at += 8 + length + (length % 2);
  }
  return found;
}

function flac(view) {
  if (text(view, 0, 4) !== "fLaC") return null;
  const packed = view.getUint32(18);
  const rate = packed >>> 12;
  const frames = (view.getUint8(21) & 15) * 4294967296 + view.getUint32(22);
  return {
    kind: "FLAC",
    rate,
    channels: ((packed >>> 9) & 7) + 1,
    seconds: frames > 0 && rate > 0 ? frames / rate : undefined,
  };
}

function ogg(view, fileBytes) {
  const found = oggBegin(view);
  if (!found?.rate) return found;
  if (fileBytes <= view.byteLength) return oggEnd(view, found);
  return { ...found, elsewhere: fileBytes - OGG_PAGE };
}

function oggBegin(view) {
  if (text(view, 0, 4) !== "OggS") return null;
  const at = 27 + view.getUint8(26);
  if (text(view, at, 7) === "\u0001vorbis") {
    return { kind: "Ogg Vorbis", channels: view.getUint8(at + 11), rate: view.getUint32(at + 12, true) };
  }
  if (text(view, at, 8) === "OpusHead") return { kind: "Opus", channels: view.getUint8(at + 9), rate: 48000 };
  if (text(view, at + 1, 4) === "FLAC") {
    const packed = view.getUint32(at + 27);
    return { kind: "Ogg FLAC", rate: packed >>> 12, channels: ((packed >>> 9) & 7) + 1 };
  }
  return { kind: "Ogg" };
}

// No page of an Ogg file is longer: in that many bytes the last one begins.
const OGG_PAGE = 65536;

/** The last page says how many frames there are up to its end. */
function oggEnd(view, found) {
  for (let at = view.byteLength - 14; at >= 0; at -= 1) {
    if (view.getUint8(at) !== 0x4f || text(view, at, 4) !== "OggS") continue;
    const high = view.getUint32(at + 10, true);
    const frames = high * 4294967296 + view.getUint32(at + 6, true);
    // All ones: no packet ends on this page.
    if (high < 0x80000000 && frames > 0) return { ...found, seconds: frames / found.rate };
  }
  return found;
}

const MP3_RATES = { 3: [44100, 48000, 32000], 2: [22050, 24000, 16000], 0: [11025, 12000, 8000] };
const MP3_KBITS = {
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** `base`: where in the file the bytes stand. */
function mp3(view, fileBytes, base) {
  let at = 0;
  if (text(view, 0, 3) === "ID3") {
    const size = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + (view.getUint8(i) & 127), 0);
    at = 10 + size;
    // Pictures may be before the sound.
    if (at + 4 > view.byteLength) return base + at < fileBytes ? { kind: "MP3", elsewhere: base + at } : { kind: "MP3" };
    const framed = adts(view, at, fileBytes - base);
    if (framed) return framed;
  }
  if (view.getUint8(at) !== 0xff || (view.getUint8(at + 1) & 0xe6) !== 0xe2) return null;
  const version = (view.getUint8(at + 1) >> 3) & 3;
  const rate = MP3_RATES[version]?.[(view.getUint8(at + 2) >> 2) & 3];
  const kbits = MP3_KBITS[version === 3 ? 3 : 2][view.getUint8(at + 2) >> 4];
  return {
    kind: "MP3",
    rate,
    channels: view.getUint8(at + 3) >> 6 === 3 ? 1 : 2,
    // About right where the bit rate changes.
    seconds: kbits ? ((fileBytes - base - at) * 8) / (kbits * 1000) : undefined,
  };
}

/** AAC without a container, from `begin` on. */
function adts(view, begin, fileBytes) {
  let at = begin;
  let frames = 0;
  while (at + 7 <= view.byteLength && (view.getUint16(at) & 0xfff6) === 0xfff0) {
    const bytes = ((view.getUint8(at + 3) & 3) << 11) | (view.getUint8(at + 4) << 3) | (view.getUint8(at + 5) >> 5);
    if (bytes < 7) break;
    frames += 1;
    at += bytes;
  }
  // Two in a row are no accident.
  if (frames < 2) return null;
  const head = view.getUint16(begin + 2);
  const rate = (head >> 10) & 15;
  const secs = (frames * 1024) / (AAC_RATES[rate] ?? 48000);
  return { kind: "AAC", ...aac(rate, (head >> 6) & 7), seconds: ((fileBytes - begin) / (at - begin)) * secs };
}
