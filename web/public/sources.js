// Opens a source by its kind. Each kind has a module of its own; nothing here knows how they work.

import { openFile } from "./sources/file.js";
import { inputs, openMicrophone } from "./sources/microphone.js";
import { openSignal } from "./sources/signal.js";
import { openTab, offered as tabOffered } from "./sources/tab.js";

export { inputs, tabOffered };

/** `loading` gives the program's modules; only the signal has to wait for them. */
export async function open(kind, options, loading, say) {
  switch (kind) {
    case "microphone":
      say("Asking for the microphone …");
      return openMicrophone(options);
    case "file":
      return openFile(options.file, say);
    case "tab":
      say("Choose what to share …");
      return openTab();
    default:
      return openSignal(options, (await loading).web.module);
  }
}
