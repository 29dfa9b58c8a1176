// Reads rate, channels and length from the first bytes of a sound file, so that it can be played at
// its own rate. Never decodes; what it does not know is left to the browser.

const text = (view, at, length) => {
  let out = "";
  for (let i = 0; i < length && at + i < view.byteLength; i += 1) out += String.fromCharCode(view.getUint8(at + i));
  return out;
};

/** Gives `{kind, rate, channels, seconds}` (all but `kind` may be undefined), or null. */
export function sniff(bytes, fileBytes = bytes.byteLength) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return wav(view) ?? flac(view) ?? ogg(view) ?? mp3(view, fileBytes) ?? other(view);
  } catch {
    return null; // ends in the middle of a header
  }
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

function ogg(view) {
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

const MP3_RATES = { 3: [44100, 48000, 32000], 2: [22050, 24000, 16000], 0: [11025, 12000, 8000] };
const MP3_KBITS = {
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

function mp3(view, fileBytes) {
  let at = 0;
  if (text(view, 0, 3) === "ID3") {
    const size = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + (view.getUint8(i) & 127), 0);
    at = 10 + size;
    if (at + 4 > view.byteLength) return { kind: "MP3" };
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
    seconds: kbits ? ((fileBytes - at) * 8) / (kbits * 1000) : undefined,
  };
}

function other(view) {
  if (text(view, 4, 4) === "ftyp") return { kind: "MP4" };
  if (view.byteLength > 4 && view.getUint32(0) === 0x1a45dfa3) return { kind: "WebM" };
  return null;
}
