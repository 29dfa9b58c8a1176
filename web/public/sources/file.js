// A sound file, played in real time and heard: decoded whole where it is short, streamed where it
// is long. Never sends the file anywhere.

import { sniff } from "../audio/sniff.js";
import { Trouble } from "../trouble.js";
import { Capture, newContext } from "./capture.js";

const SNIFF_BYTES = 1 << 20;
// Pieces of a file that are looked at for its facts, at most.
const SNIFF_PIECES = 8;
// Beyond this a file is streamed: decoded sound takes far more memory than the file.
const WHOLE_BYTES = 100e6;
const WHOLE_SECS = 600;
// Of a file that does not say how long it is: speech is coded with as little.
const FEW_BYTES_A_SEC = 3000;
const METADATA_SECS = 30;
// Streamed, and not said by the file.
const UNKNOWN_CHANNELS = 2;
// More no browser plays.
const MOST_CHANNELS = 32;

/** Opens `file` (a `File`); `say` is told what takes time. */
export async function openFile(file, say = () => {}) {
  if (file.size === 0) throw new Trouble("This file is empty", `“${file.name}” has no bytes.`, "Choose another one.");
  const facts = await factsOf(file);
  const context = newContext(facts.rate);
  try {
    const long = file.size > WHOLE_BYTES || (facts.seconds ?? file.size / FEW_BYTES_A_SEC) > WHOLE_SECS;
    say(`Opening “${file.name}” …`);
    if (long) return await streamed(file, facts, context);
    return await whole(file, context);
  } catch (error) {
    context.close();
    throw error;
  }
}

/** What the file says about itself at its beginning, or where that points to. */
async function factsOf(file) {
  const piece = async (at) => new Uint8Array(await read(file.slice(at, at + SNIFF_BYTES), file));
  let facts = sniff(await piece(0), file.size) ?? {};
  for (let pieces = 1; facts.elsewhere !== undefined && pieces < SNIFF_PIECES; pieces += 1) {
    facts = sniff(await piece(facts.elsewhere), file.size, facts) ?? {};
  }
  return facts;
}

async function whole(file, context) {
  const bytes = await read(file, file);
  const sound = await context.decodeAudioData(bytes).catch(() => {
    throw notSound(file);
  });
  if (sound.length === 0) throw notSound(file);
  const node = new AudioBufferSourceNode(context, { buffer: sound });
  return new FileSource(file.name, context, sound.numberOfChannels, {
    node,
    start: (over) => {
      node.onended = over;
      node.start();
    },
    stop: () => {
      node.onended = null;
      node.disconnect();
    },
  });
}

async function streamed(file, facts, context) {
  const player = new Audio();
  const address = URL.createObjectURL(file);
  const waking = new AbortController();
  const stop = () => {
    waking.abort();
    player.onended = player.onerror = null;
    player.pause();
    player.removeAttribute("src");
    URL.revokeObjectURL(address);
  };
  player.preload = "auto";
  player.src = address;
  await metadataOf(player, file).catch((error) => {
    stop();
    throw error;
  });
  const play = () => player.play().then(() => waking.abort(), () => {});
  const known = facts.channels >= 1 && facts.channels <= MOST_CHANNELS;
  const source = new FileSource(file.name, context, known ? facts.channels : UNKNOWN_CHANNELS, {
    node: new MediaElementAudioSourceNode(context, { mediaElement: player }),
    start: (over, events) => {
      player.onended = over;
      player.onerror = () => events.failed(`“${file.name}” is damaged: it plays only up to here.`);
      // A browser that lets nothing play without a gesture has already said that it needs one.
      for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, play, { signal: waking.signal });
      play();
    },
    stop,
  });
  if (!known) {
    source.remark = `“${file.name}” does not say how many channels it has: two of them are shown.`;
  }
  return source;
}

/** Resolves when the browser knows what is in the file. */
function metadataOf(player, file) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(notRead(file)), METADATA_SECS * 1000);
    const settle = (done) => {
      clearTimeout(late);
      done();
    };
    player.onloadedmetadata = () => settle(resolve);
    player.onerror = () => settle(() => reject(notSound(file)));
  });
}

class FileSource {
  /** `player`: `{node, start(over, events), stop}`; `stop` is called also where it was never started. */
  constructor(name, context, channels, player) {
    this.name = name;
    this.context = context;
    this.channels = channels;
    this.rate = context.sampleRate;
    this.player = player;
    this.capture = new Capture(context, channels);
  }

  async run(feed, events) {
    await this.capture.begin(feed, events);
    const { node, start } = this.player;
    node.connect(this.capture.node);
    node.connect(this.context.destination);
    start(() => this.capture.close(() => events.ended()), events);
  }

  stop() {
    this.player.stop();
    this.capture.end();
  }
}

async function read(part, file) {
  try {
    return await part.arrayBuffer();
  } catch {
    throw new Trouble("This file cannot be read", `The browser may not read “${file.name}”.`, "Is it a folder, or has it moved?");
  }
}

function notRead(file) {
  return new Trouble(
    "This file could not be played",
    `The browser has found no sound in “${file.name}” within ${METADATA_SECS} seconds.`,
    "Is the disk, or the network it is on, slow? Copy the file to this computer and try again.",
  );
}

function notSound(file) {
  return new Trouble(
    "This file could not be played",
    `“${file.name}” is damaged, or in a format this browser does not know.`,
    "WAV, FLAC, MP3, Ogg and M4A work nearly everywhere.",
  );
}
