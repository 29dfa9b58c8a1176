// The small module in Node: the same files the page loads. Never touches a page.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { dist } from "./place.mjs";
import { temporary } from "./wav.mjs";

let copy;

/** The exports of the small module, ready to use. */
export async function loadReader() {
  const folder = join(dist(), "module");
  // Node takes a file for a module by its ending.
  copy ??= temporary("reader.mjs", readFileSync(join(folder, "soundfall_web.js")));
  const reader = await import(pathToFileURL(copy).href);
  await reader.default({ module_or_path: readFileSync(join(folder, "soundfall_web_bg.wasm")) });
  return reader;
}

/** A ring, a writer on it and a reader of it. */
export async function ringOf({ rate = 1000, channels = 2, secs = 1, block = 64 } = {}) {
  const { RingBufferReader, createRing, ringLayout } = await loadReader();
  const { SharedRingWriter } = await import("../../public/audio/ring-writer.js");
  const buffer = createRing(rate, channels, secs, block, "test");
  const layout = ringLayout();
  return { buffer, layout, writer: new SharedRingWriter(buffer, layout), reader: new RingBufferReader(buffer) };
}

/** The gap table of a ring: `[start, length, reason]` each. */
export function gapsOf(buffer, layout) {
  const words = new BigInt64Array(buffer, 0, layout.headerBytes / 8);
  return Array.from({ length: Number(words[layout.gapTotal / 8]) }, (_, gap) => {
    const entry = (layout.gapTable + (gap % layout.gapEntries) * layout.gapEntryBytes) / 8;
    return [0, 1, 2].map((field) => Number(words[entry + field]));
  });
}
