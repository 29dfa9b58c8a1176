// The page's parts that need no browser: links, file headers, the menu, and the rules for files.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { sniff } from "../public/audio/sniff.js";
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

test("no bytes at all upset the reading of headers", () => {
  const whole = new Uint8Array(wav({ secs: 0.01, sample: tone(100) }));
  for (let length = 0; length < 60; length += 1) sniff(whole.slice(0, length));
  let seed = 1;
  for (let round = 0; round < 2000; round += 1) {
    const bytes = Uint8Array.from({ length: 64 }, () => (seed = (seed * 48271) % 2147483647) & 255);
    bytes.set([[0x66, 0x4c, 0x61, 0x43], [0x4f, 0x67, 0x67, 0x53], [0x49, 0x44, 0x33, 4], [0xff, 0xfb, 0x90, 0]][round % 4]);
    sniff(bytes);
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
