// A sound file, played in real time and heard: decoded whole where it is short, streamed where it
// is long. Never sends the file anywhere.

import { sniff } from "../audio/sniff.js";
import { Trouble } from "../trouble.js";
import { Capture, newContext } from "./capture.js";

const SNIFF_BYTES = 1 << 20;
// Beyond this a file is streamed: decoded sound takes far more memory than the file.
const WHOLE_BYTES = 100e6;
const WHOLE_SECS = 600;
const METADATA_MS = 5000;

/** Opens `file` (a `File`); `say` is told what takes time. */
export async function openFile(file, say = () => {}) {
  if (file.size === 0) throw new Trouble("This file is empty", `“${file.name}” has no bytes.`, "Choose another one.");
  const facts = sniff(new Uint8Array(await read(file.slice(0, SNIFF_BYTES), file)), file.size) ?? {};
  const context = newContext(facts.rate);
  try {
    const long = file.size > WHOLE_BYTES || (facts.seconds ?? file.size / 16000) > WHOLE_SECS;
    say(`Opening “${file.name}” …`);
    if (long) return await streamed(file, facts, context);
    return await whole(file, context);
  } catch (error) {
    context.close();
    throw error;
  }
}

async function whole(file, context) {
  const bytes = await read(file, file);
  const sound = await context.decodeAudioData(bytes).catch(() => {
    throw notSound(file);
  });
  if (sound.length === 0) throw notSound(file);
  const make = () => {
    const player = new AudioBufferSourceNode(context, { buffer: sound });
    return {
      node: player,
      start: (over) => {
        player.onended = over;
        player.start();
      },
      stop: () => {
        player.onended = null;
        player.disconnect();
      },
    };
  };
  return new FileSource(file.name, context, sound.numberOfChannels, make);
}

async function streamed(file, facts, context) {
  const player = new Audio();
  const address = URL.createObjectURL(file);
  player.src = address;
  await new Promise((resolve, reject) => {
    player.onloadedmetadata = resolve;
    player.onerror = () => reject(notSound(file));
    setTimeout(() => reject(notSound(file)), METADATA_MS);
  }).catch((error) => {
    URL.revokeObjectURL(address);
    throw error;
  });
  const make = (events) => ({
    node: new MediaElementAudioSourceNode(context, { mediaElement: player }),
    start: (over) => {
      player.onended = over;
      player.onerror = () => events.failed(`“${file.name}” is damaged: it plays only up to here.`);
      player.play().catch(() => addEventListener("pointerdown", () => player.play(), { once: true }));
    },
    stop: () => {
      player.onended = null;
      player.onerror = null;
      player.pause();
      player.removeAttribute("src");
      URL.revokeObjectURL(address);
    },
  });
  return new FileSource(file.name, context, facts.channels ?? 2, make);
}

class FileSource {
  constructor(name, context, channels, make) {
    this.name = name;
    this.context = context;
    this.channels = channels;
    this.rate = context.sampleRate;
    this.make = make;
    this.capture = new Capture(context, channels);
  }

  async run(feed, events) {
    await this.capture.begin(feed, events);
    this.player = this.make(events);
    this.player.node.connect(this.capture.node);
    this.player.node.connect(this.context.destination);
    this.player.start(() => this.capture.close(() => events.ended()));
  }

  stop() {
    this.player?.stop();
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

function notSound(file) {
  return new Trouble(
    "This file could not be played",
    `“${file.name}” is damaged, or in a format this browser does not know.`,
    "WAV, FLAC, MP3, Ogg and M4A work nearly everywhere.",
  );
}
