// The sound of another tab, or of the whole system, where the browser offers it by sharing. Never
// keeps the picture that is shared along with it.

import { Trouble } from "../trouble.js";
import { Capture, newContext, release } from "./capture.js";

/** Whether this browser shares sound at all: phones and some desktops do not. */
export const offered = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

/** Asks what to share and gives its source. */
export async function openTab() {
  const sound = { echoCancellation: false, autoGainControl: false, noiseSuppression: false };
  let stream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({
      audio: { ...sound, suppressLocalAudioPlayback: false },
      video: true,
      systemAudio: "include",
    });
  } catch (error) {
    throw askTrouble(error);
  }
  const [track] = stream.getAudioTracks();
  if (!track) {
    release(stream);
    throw new Trouble(
      "Nothing to hear was shared",
      "What you chose comes without sound.",
      "Choose again and switch on “share audio” in the browser's window; not every browser and system offers it.",
    );
  }
  try {
    return new Tab(stream, track);
  } catch (error) {
    release(stream);
    throw error;
  }
}

class Tab {
  constructor(stream, track) {
    this.stream = stream;
    this.track = track;
    const settings = track.getSettings();
    this.name = "Tab or system audio";
    this.channels = settings.channelCount ?? 2;
    this.context = newContext(settings.sampleRate);
    this.rate = this.context.sampleRate;
    this.capture = new Capture(this.context, this.channels);
  }

  async run(feed, events) {
    await this.capture.begin(feed, events);
    this.context.createMediaStreamSource(new MediaStream([this.track])).connect(this.capture.node);
    for (const track of this.stream.getVideoTracks()) track.stop();
    const ended = () => this.capture.close(() => events.ended());
    this.track.onended = ended;
    // It may have ended before anybody listened.
    if (this.track.readyState === "ended") ended();
  }

  stop() {
    this.track.onended = null;
    release(this.stream);
    this.capture.end();
  }
}

function askTrouble(error) {
  if (error?.name === "NotAllowedError") {
    return new Trouble(
      "Nothing was shared",
      "The browser's window was closed, or the system does not allow sharing.",
      "Try again and choose a tab or the whole screen, with its sound.",
    );
  }
  return Trouble.from(error, "Sharing could not be started");
}
