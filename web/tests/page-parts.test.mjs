// The page's parts that need no browser: links, file headers, the menu, and the rules for files.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { sniff } from "../public/audio/sniff.js";
import { isOfTheBrowser } from "../public/keys.js";
import { number, presentAddress, readLink, signalAddress } from "../public/link.js";
import { SETTINGS } from "../public/settings.js";
import { publicFolder } from "./lib/place.mjs";
import { tone, wav } from "./lib/wav.mjs";

test("a link is read: own numbers, and the rest for the app", () => {
  const link = readLink("?signal=sine:1000&channels=8&rate=96000&seconds=8&colormap=turbo&panel=0");
  assert.deepEqual([link.signal, link.channels, link.rate, link.seconds], ["sine:1000", 8, 96_000, 8]);
  assert.deepEqual([link.history, link.speed], [30, 1]);
  assert.equal(readLink("").channels, undefined);
  assert.equal(readLink("?channels=auto").channels, undefined);
  assert.deepEqual(link.params, { colormap: "turbo", panel: "0" });
});

test("an impossible value is refused by a message that names it", () => {
  for (const query of ["channels=0", "channels=257", "channels=2.5", "channels=0x2", "channels= 2", "rate=x", "history=0", "seconds=-1", "speed=", "speed=1e9"]) {
    assert.throws(() => readLink(`?${query}`), (trouble) => trouble.title && trouble.message.startsWith(query.split("=")[0]), query);
  }
  assert.throws(() => readLink("?channels=0"), { message: "channels=0: give a whole number, 1 to 256, or auto" });
});

test("every default of the table is one that a link may say", () => {
  for (const [name, { min, default: text }] of Object.entries(SETTINGS)) {
    if (min !== undefined) assert.doesNotThrow(() => number(name, text), name);
  }
  assert.equal(number("speed", "1e-1"), 0.1);
  assert.equal(number("db-min", "-72.5"), -72.5);
});

test("the link of a signal keeps everything else", () => {
  const address = signalAddress(new URL("https://x.y/z/?colormap=turbo&signal=demo#a"), "sine:1000", 4);
  assert.equal(address, "https://x.y/z/?colormap=turbo&signal=sine%3A1000&channels=4");
});

test("the link of what is seen: changed settings, the source, and what else was asked for", () => {
  const at = (query, settings, source) => presentAddress(new URL(`https://x.y/z/?${query}#a`), settings, source);
  const now = { colormap: "turbo", span: "10", "window-size": "2048", panel: "on" };
  const chord = { signal: "chord", channels: 2 };
  // What has its default goes, what is not the app's stays; the panel is always said.
  assert.equal(
    at("signal=demo&rate=96000&smooth=0&colormap=aurora&span=4&window-size=512&change=3:span=4&change=5:span=8", now, chord),
    "https://x.y/z/?rate=96000&smooth=0&colormap=turbo&panel=on&signal=chord&channels=2",
  );
  // All channels: none is named. Some: they are.
  assert.equal(at("channel=2&panel=0", now, {}), "https://x.y/z/?panel=on&colormap=turbo");
  assert.equal(at("", { ...now, channel: "1" }, {}), "https://x.y/z/?colormap=turbo&panel=on&channel=1");
  // A source that no link can name: no other one starts. None so far: what was asked for still is.
  assert.equal(at("signal=demo&channels=2", {}, {}), "https://x.y/z/?channels=2");
  assert.equal(at("signal=demo&channel=2", {}, undefined), "https://x.y/z/?signal=demo&channel=2");
});

test("headers of sound files are understood", () => {
  const bytes = wav({ rate: 44_100, channels: 6, secs: 0.5, sample: tone(100) });
  const facts = sniff(new Uint8Array(bytes));
  assert.deepEqual([facts.kind, facts.rate, facts.channels, facts.seconds], ["WAV", 44_100, 6, 0.5]);
  // FLAC: 96 kHz, 2 channels, 24 bits, 960000 frames.
  const flac = Buffer.from("664c61430000002210001000000000000000" + "17700" + "37" + "0000ea600", "hex");
  const found = sniff(new Uint8Array(Buffer.concat([flac, Buffer.alloc(20)])));
  assert.deepEqual([found.kind, found.rate, found.channels, found.seconds], ["FLAC", 96_000, 2, 10]);
  // MP3: MPEG 1 layer III, 128 kbit/s, 44.1 kHz, stereo, 10 seconds.
  const mp3 = sniff(Uint8Array.of(0xff, 0xfb, 0x90, 0x00, 0, 0), 160_000);
  assert.deepEqual([mp3.kind, mp3.rate, mp3.channels, mp3.seconds], ["MP3", 44_100, 2, 10]);
  const opus = Buffer.alloc(60);
  opus.write("OggS", 0);
  opus[26] = 1;
  opus.write("OpusHead", 28);
  opus[37] = 2;
  assert.deepEqual(sniff(new Uint8Array(opus)), { kind: "Opus", channels: 2, rate: 48_000 });
});

/** A box of an MP4 file. */
const box = (name, ...parts) => {
  const content = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8);
  head.write(name, 4);
  return Buffer.concat([head, content]);
};

/** A film of 90 s whose sound is AAC with this description of its decoder. */
const movieOf = (decoder) => {
  const entry = box("mp4a", "000000000000" + "0001" + "0000000000000000" + "0002" + "0010" + "00000000" + "ac440000",
    box("esds", "00000000" + "0319000100" + "0411" + "00".repeat(13) + "0502" + decoder));
  const track = box("trak", box("mdia", box("minf", box("stbl", box("stsd", "00000000" + "00000001", entry)))));
  return box("moov", box("mvhd", "00000000" + "0000000000000000" + "000003e8" + "00015f90"), box("trak"), track);
};

test("channels and length of what is streamed", () => {
  const ftyp = box("ftyp", "6d703432");
  for (const [decoder, rate, channels] of [
    ["1210", 44_100, 2],
    ["1208", 44_100, 1],
    ["11b0", 48_000, 6],
    ["11b8", 48_000, 8],
    ["1388", undefined, undefined], // one channel at 22.05 kHz: may be two at twice that
    ["1390", undefined, 2],
  ]) {
    const facts = sniff(Buffer.concat([ftyp, movieOf(decoder)]));
    assert.deepEqual([facts.kind, facts.rate, facts.channels, facts.seconds], ["MP4", rate, channels, 90], decoder);
  }
  // What is behind the sound itself is asked for.
  const late = Buffer.concat([ftyp, box("mdat", Buffer.alloc(5000)), movieOf("11b0")]);
  const begun = sniff(late.subarray(0, 1000), late.length);
  assert.equal(begun.elsewhere, ftyp.length + 5008);
  const facts = sniff(late.subarray(begun.elsewhere), late.length, begun);
  assert.deepEqual([facts.channels, facts.seconds, facts.elsewhere], [6, 90, undefined]);

  const webm = Buffer.from(
    "1a45dfa380" + "18538067" + "01ffffffffffffff" + // a segment of unknown length
      "1549a9668e" + "2ad7b1830f4240" + "448984447a0000" + // 1000 ms
      "1654ae6b92" + "ae90" + "8683414141" + "e189" + "9f8106" + "b584473b8000", // 6 channels, 48 kHz
    "hex",
  );
  const found = sniff(Buffer.concat([webm, Buffer.alloc(30)]));
  assert.deepEqual([found.kind, found.rate, found.channels, found.seconds], ["WebM", 48_000, 6, 1]);

  // ADTS: 48 kHz, 6 channels, 512 bytes a frame of 1024.
  const frame = Buffer.alloc(512);
  frame.set([0xff, 0xf1, 0x4d, 0x80, 0x40, 0x1f, 0xfc]);
  const aac = sniff(Buffer.concat([frame, frame, frame]), 512 * 480);
  assert.deepEqual([aac.kind, aac.rate, aac.channels, aac.seconds], ["AAC", 48_000, 6, 10.24]);

  // MP3 behind a picture of 2 MB.
  const id3 = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 1, 0, 0, 0);
  const tagged = sniff(id3, 2_400_000);
  assert.equal(tagged.elsewhere, 2_097_162);
  const mp3 = sniff(Uint8Array.of(0xff, 0xfb, 0x90, 0xc0, 0, 0), 2_097_162 + 160_000, tagged);
  assert.deepEqual([mp3.channels, mp3.seconds, mp3.elsewhere], [1, 10, undefined]);

  // Opus: its last page says where it ends; the one after it ends no packet.
  const page = (frames, words = "") => {
    const bytes = Buffer.alloc(60);
    bytes.write("OggS", 0);
    bytes.writeBigInt64LE(frames, 6);
    bytes[26] = 1;
    bytes.write(words, 28);
    return bytes;
  };
  const first = page(0n, "OpusHead");
  first[37] = 2;
  const opus = sniff(first, 9_500_000);
  assert.equal(opus.elsewhere, 9_500_000 - 65_536);
  const end = sniff(Buffer.concat([page(48_000n), page(48_000n * 3180n), page(-1n)]), 9_500_000, opus);
  assert.deepEqual([end.kind, end.channels, end.seconds, end.elsewhere], ["Opus", 2, 3180, undefined]);
});

test("the browser keeps its own keys, the panel's fields theirs", () => {
  const pressed = (key, held = []) =>
    isOfTheBrowser({ key, ctrlKey: held.includes("Control"), metaKey: held.includes("Meta"), getModifierState: (name) => held.includes(name) });
  for (const key of ["F5", "F11", "F12"]) assert.ok(pressed(key), key);
  for (const key of ["r", "R", "t", "w", "l", "+", "0"]) assert.ok(pressed(key, ["Control"]) && pressed(key, ["Meta"]) && !pressed(key), key);
  for (const key of ["a", "c", "V", "ArrowLeft", "Control", "Shift"]) assert.ok(!pressed(key, ["Control"]), key);
  // AltGr on many keyboards.
  assert.ok(!pressed("@", ["Control", "AltGraph"]));
  for (const key of ["Tab", "F3", "C", "Meta"]) assert.ok(!pressed(key), key);
});

test("no bytes at all upset the reading of headers", () => {
  const whole = new Uint8Array(wav({ secs: 0.01, sample: tone(100) }));
  for (let length = 0; length < 60; length += 1) sniff(whole.slice(0, length));
  const film = Buffer.concat([box("ftyp"), movieOf("1210")]);
  for (let length = 0; length < film.length; length += 1) {
    sniff(film.subarray(0, length));
    sniff(film.map((byte, at) => (at === length ? 255 : byte)));
  }
  let seed = 1;
  for (let round = 0; round < 2000; round += 1) {
    const bytes = Uint8Array.from({ length: 64 }, () => (seed = (seed * 48271) % 2147483647) & 255);
    const heads = ["664c6143", "4f676753", "49443304", "fffb9000", "fff14d80", "1a45dfa3", "0000000866747970"];
    bytes.set(Buffer.from(heads[round % heads.length], "hex"));
    const facts = sniff(bytes, 64 + (round % 2) * 1e6);
    if (facts?.elsewhere !== undefined) sniff(bytes, 1e6, facts);
  }
});

test("the page keeps to its own rules: no inline script or style, every script says what it is", () => {
  const files = readdirSync(publicFolder, { recursive: true }).map(String);
  const scripts = files.filter((name) => name.endsWith(".js"));
  assert.ok(scripts.length > 15);
  for (const name of scripts) {
    const text = readFileSync(join(publicFolder, name), "utf8");
    assert.match(text, /^\/\/ .+/, name);
    assert.ok(text.split("\n").length <= 251, `${name} is too long`);
    assert.ok(!/\beval\(|new Function\b|innerHTML|alert\(/.test(text), name);
  }
  for (const name of files.filter((file) => file.endsWith(".html"))) {
    const text = readFileSync(join(publicFolder, name), "utf8");
    assert.ok(!/<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=/.test(text), name);
  }
});
