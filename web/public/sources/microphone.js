// The microphone: unprocessed sound of an input device, all channels the browser gives. A device
// that goes is waited for; its time away becomes a gap. Never records anything.

import { Trouble } from "../trouble.js";
import { Capture, newContext, release } from "./capture.js";

const PLAIN = {
  echoCancellation: false,
  autoGainControl: false,
  noiseSuppression: false,
  channelCount: { ideal: 64 },
};
const GONE_TEXT = "The microphone is gone; the history stays.";
const MUTED_TEXT = "The microphone is muted by the system.";
const DENIED = ["NotAllowedError", "SecurityError"];
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
  try {
    return new Microphone(stream);
  } catch (error) {
    release(stream);
    throw error;
  }
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
    letGo(this.track);
    this.capture.end();
  }

  #connect(track) {
    const stream = new MediaStream([track]);
    let input;
    try {
      input = this.context.createMediaStreamSource(stream);
    } catch {
      track.stop();
      throw new Trouble(
        "This microphone cannot be used",
        `It runs at another rate than the sound output (${this.rate} Hz), which this browser refuses.`,
        "Set both to the same rate in the system's sound settings.",
      );
    }
    this.#forget();
    if (track !== this.track) letGo(this.track);
    this.track = track;
    this.input?.disconnect();
    this.input = input;
    input.connect(this.capture.node);
    this.capture.lost(false);
    const muted = () => this.events.trouble("mute", track.muted ? MUTED_TEXT : null);
    track.onended = () => this.#lost();
    track.onmute = track.onunmute = muted;
    this.events.trouble("device", null);
    // Both may have happened before anybody listened.
    muted();
    if (track.readyState === "ended") this.#lost();
  }

  #lost() {
    if (this.stopped) return;
    this.capture.lost(true);
    this.events.trouble("device", GONE_TEXT);
    this.events.trouble("mute", null);
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

  /** What is refused is not asked for again: that would ask the visitor for ever. */
  #failed(error) {
    if (this.stopped) return;
    const denied = DENIED.includes(error?.name);
    if (denied || error instanceof Trouble) this.events.trouble("device", askTrouble(error).line);
    if (denied) this.#forget();
    else this.#later();
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
      this.#connect(track);
      this.deviceId = track.getSettings().deviceId;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.asking = false;
    }
  };
}

/** Ends a track and hears no more of it. */
function letGo(track) {
  track.onended = track.onmute = track.onunmute = null;
  track.stop();
}

function noMicrophone() {
  return new Trouble(
    "No microphone here",
    window.isSecureContext
      ? "This browser gives pages no microphone."
      : "Browsers give the microphone only to pages that come over https or from this computer.",
    window.isSecureContext ? "A file or a built-in signal works." : "Open the page over https; a built-in signal works.",
  );
}

function askTrouble(error) {
  if (DENIED.includes(error?.name)) {
    return new Trouble(
      "The microphone was not allowed",
      "The browser, or the system, keeps the microphone from this page.",
      "Allow it through the icon beside the address (and in the system's privacy settings), then try again.",
    );
  }
  switch (error?.name) {
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
