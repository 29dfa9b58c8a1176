// The smallest page around RingBufferReader: one source writes a ring in shared memory, the reader
// draws its waveform and spectrogram on two canvases. No framework; never draws with WebGL.

import init, { RingBufferReader, createRing, ringLayout } from "../module/soundfall_web.js";
import { blockFramesFor } from "../audio/ring-writer.js";
import { compile } from "../loader.js";
import { openMicrophone } from "../sources/microphone.js";
import { openSignal } from "../sources/signal.js";

const WASM = new URL("../module/soundfall_web_bg.wasm", import.meta.url);
const HISTORY_SECS = 10;
const SHOWN_SECS = 2;
const WINDOW = 512;
const HOP = 256;
// Columns drawn at most in one frame of the page; after a pause the rest is left out.
const MAX_COLUMNS = 64;

const find = (id) => document.getElementById(id);
const wave = find("waveform").getContext("2d");
const fall = find("spectrogram").getContext("2d", { willReadFrequently: true });
const colours = Array.from({ length: 256 }, (_, level) => colour(level / 255));

const module = await compile(WASM);
await init({ module_or_path: module });

/** What runs: for tests and for the console. */
const example = { reader: null, ring: null, source: null };
window.example = example;
let turn = 0;

find("microphone").onclick = () => start(() => openMicrophone());
find("signal").onclick = () => start(() => openSignal({ signal: "demo", channels: 1 }, module));
find("stop").onclick = stop;
if (!self.crossOriginIsolated) {
  say("This page shares no memory: its host must send the COOP and COEP headers.");
  for (const id of ["microphone", "signal"]) find(id).disabled = true;
}

async function start(open) {
  stop();
  say("");
  const mine = turn;
  let source = null;
  try {
    source = await open();
    const { rate, channels, name } = source;
    const ring = createRing(rate, channels, HISTORY_SECS, blockFramesFor(rate), name);
    const tell = (words) => mine === turn && say(words);
    const events = { trouble: (kind, words) => tell(words), failed: tell, ended: () => tell("The source has ended.") };
    await source.run({ ring, layout: ringLayout() }, events);
    if (mine !== turn) {
      source.stop();
      return;
    }
    Object.assign(example, { ring, source });
    example.reader = new RingBufferReader(example.ring);
    find("stop").disabled = false;
    requestAnimationFrame(() => draw(example.reader, 0));
  } catch (error) {
    source?.stop();
    if (mine === turn) say(error.hint ? `${error.message} ${error.hint}` : String(error.message ?? error));
  }
}

/** Ends what runs, and what is being opened as soon as it is. */
function stop() {
  turn += 1;
  example.source?.stop();
  example.source = null;
  example.reader = null;
  find("stop").disabled = true;
}

/** One frame: `drawn` columns of the spectrogram are on the canvas already. */
function draw(reader, drawn) {
  if (reader !== example.reader) {
    reader.free();
    return;
  }
  try {
    reader.poll();
    drawWaveform(reader);
    drawn = drawSpectrogram(reader, drawn);
    showNumbers(reader);
  } catch (error) {
    // Overwritten while it was read: the next frame reads newer samples.
    if (error.name !== "RingBufferError") throw error;
  }
  requestAnimationFrame(() => draw(reader, drawn));
}

function drawWaveform(reader) {
  const { width, height } = wave.canvas;
  const end = reader.writtenFrames;
  const start = Math.max(0, end - SHOWN_SECS * reader.sampleRate);
  wave.clearRect(0, 0, width, height);
  if (end === start) return;
  const points = reader.get_waveform_span(0, start, end, width);
  wave.fillStyle = "#3fd0b8";
  for (let x = 0; x < width; x += 1) {
    const top = ((1 - points[2 * x + 1]) / 2) * height;
    const bottom = ((1 - points[2 * x]) / 2) * height;
    wave.fillRect(x, top, 1, Math.max(1, bottom - top));
  }
}

/** Scrolls the canvas and draws the columns that are new; gives how many there are by now. */
function drawSpectrogram(reader, drawn) {
  const columns = Math.max(0, Math.floor((reader.writtenFrames - WINDOW) / HOP) + 1);
  const fresh = Math.min(columns - drawn, MAX_COLUMNS);
  if (fresh <= 0) return drawn;
  const { width, height } = fall.canvas;
  const bins = WINDOW / 2 + 1;
  const levels = reader.get_spectrogram(0, WINDOW, HOP, fresh);
  fall.drawImage(fall.canvas, -fresh, 0);
  const image = fall.createImageData(fresh, height);
  for (let column = 0; column < fresh; column += 1) {
    for (let bin = 0; bin < bins; bin += 1) {
      const level = Math.min(1, Math.max(0, (levels[column * bins + bin] + 100) / 100));
      image.data.set(colours[Math.round(level * 255)], ((height - 1 - bin) * fresh + column) * 4);
    }
  }
  fall.putImageData(image, width - fresh, 0);
  return columns;
}

function showNumbers(reader) {
  const numbers = {
    source: reader.label,
    rate: `${reader.sampleRate} Hz`,
    channels: reader.channels,
    sequence: reader.sequence,
    "lost frames": reader.lostFrames,
    laps: reader.laps,
  };
  const list = find("numbers");
  if (list.children.length === 0) {
    for (const name of Object.keys(numbers)) {
      const row = document.createElement("div");
      row.append(document.createElement("dt"), document.createElement("dd"));
      row.firstChild.textContent = name;
      list.append(row);
    }
  }
  Object.values(numbers).forEach((value, row) => (list.children[row].lastChild.textContent = value));
}

function say(words) {
  find("words").textContent = words ?? "";
}

/** Night, teal, gold, white: a simple scale for levels from 0 to 1. */
function colour(level) {
  const stops = [[5, 8, 15], [20, 70, 130], [63, 208, 184], [230, 217, 106], [255, 252, 240]];
  const at = Math.min(level * 4, 3.999);
  const [from, to] = [stops[Math.floor(at)], stops[Math.floor(at) + 1]];
  return [...from.map((part, i) => part + (to[i] - part) * (at % 1)), 255];
}
