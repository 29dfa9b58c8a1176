// The microphone: unprocessed sound of an input device, all channels the browser gives. A device
// that goes is waited for; its time away becomes a gap. Never records anything.

import { Trouble } from "../trouble.js";
import { Capture, newContext } from "./capture.js";

const PLAIN = {
  echoCancellation: false,
  autoGainControl: false,
  noiseSuppression: false,
  channelCount: { ideal: 64 },
};
const GONE_TEXT = "The microphone is gone; the history stays.";
const MUTED_TEXT = "The microphone is muted by the system.";
const RETRY_MS = [1000, 2000, 4000, 8000, 16000];

/** Whether this page may ask for a microphone at all. */
export const offered = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** Input devices with their names; empty until the visitor has allowed the microphone once. */
export async function inputs() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices
    .filter((device) => device.kind === "audioinput" && device.label && device.deviceId !== "default")
    .map(({ deviceId, label }) => ({ deviceId, label }));
}

/** Asks for the device (the default one without an id) and gives its source. */
export async function openMicrophone({ deviceId } = {}) {
  if (!offered()) throw noMicrophone();
  // Made in the gesture, so that it may start.
  const stream = await ask(deviceId).catch((error) => {
    throw askTrouble(error);
  });
  return new Microphone(stream);
}

const ask = (deviceId) =>
  navigator.mediaDevices.getUserMedia({
    audio: deviceId ? { ...PLAIN, deviceId: { exact: deviceId } } : PLAIN,
  });

class Microphone {
  constructor(stream) {
    [this.track] = stream.getAudioTracks();
    const settings = this.track.getSettings();
    this.name = this.track.label || "Microphone";
    this.deviceId = settings.deviceId;
    this.channels = settings.channelCount ?? 1;
    this.context = newContext(settings.sampleRate);
    this.rate = this.context.sampleRate;
    this.capture = new Capture(this.context, this.channels);
    this.stopped = false;
    this.tries = 0;
  }

  async run(feed, events) {
    this.events = events;
    await this.capture.begin(feed, events);
    this.#connect(this.track);
  }

  stop() {
    this.stopped = true;
    this.#forget();
    release(this.track);
    this.capture.end();
  }

  #connect(track) {
    if (track !== this.track) release(this.track);
    this.track = track;
    const stream = new MediaStream([track]);
    this.input?.disconnect();
    try {
      this.input = this.context.createMediaStreamSource(stream);
    } catch {
      throw new Trouble(
        "This microphone cannot be used",
        `It runs at another rate than the sound output (${this.rate} Hz), which this browser refuses.`,
        "Set both to the same rate in the system's sound settings.",
      );
    }
    this.input.connect(this.capture.node);
    track.onended = () => this.#lost();
    track.onmute = () => this.events.trouble(MUTED_TEXT);
    track.onunmute = () => this.events.trouble(null);
  }

  #lost() {
    if (this.stopped) return;
    this.capture.lost(true);
    this.events.trouble(GONE_TEXT);
    this.tries = 0;
    navigator.mediaDevices.addEventListener("devicechange", this.#retry);
    this.#later();
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.#retry, RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]);
    this.tries += 1;
  }

  #forget() {
    clearTimeout(this.timer);
    navigator.mediaDevices.removeEventListener("devicechange", this.#retry);
  }

  /** Tries for the same device, by its id or, where that has changed, by its name. */
  #retry = async () => {
    if (this.stopped || this.asking) return;
    this.asking = true;
    try {
      const known = await inputs();
      const same =
        known.find((device) => device.deviceId === this.deviceId) ??
        known.find((device) => device.label === this.name);
      // The default device has no entry of its own.
      const stream = await ask(same?.deviceId ?? this.deviceId);
      const [track] = stream.getAudioTracks();
      if (this.stopped) {
        track.stop();
        return;
      }
      this.#forget();
      this.deviceId = track.getSettings().deviceId;
      this.#connect(track);
      this.capture.lost(false);
      this.events.trouble(null);
    } catch {
      this.#later();
    } finally {
      this.asking = false;
    }
  };
}

/** Ends a track and hears no more of it. */
function release(track) {
  track.onended = track.onmute = track.onunmute = null;
  track.stop();
}

function noMicrophone() {
  return new Trouble(
    "No microphone here",
    window.isSecureContext
      ? "This browser gives pages no microphone."
      : "Browsers give the microphone only to pages that come over https or from this computer.",
    "A file or a built-in signal works.",
  );
}

function askTrouble(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new Trouble(
        "The microphone was not allowed",
        "The browser, or the system, keeps it from this page.",
        "Allow it through the icon beside the address (and in the system's privacy settings), then try again.",
      );
    case "NotFoundError":
    case "OverconstrainedError":
      return new Trouble(
        "No microphone was found",
        "No input device is connected, or the one asked for is gone.",
        "Connect one and try again.",
      );
    case "NotReadableError":
    case "AbortError":
      return new Trouble(
        "The microphone could not be started",
        "Another program may be using it alone.",
        "Close that program and try again.",
      );
    default:
      return Trouble.from(error, "The microphone could not be started");
  }
}
