// The start page's controls: what can be chosen, how far loading is, and what went wrong, in words.
// Never opens a source and never touches the picture.

import { Backdrop } from "./backdrop.js";
import { signalAddress } from "./link.js";
import { SETTINGS, SIGNALS } from "./settings.js";

const find = (id) => document.getElementById(id);

export class StartPage {
  /** `choose(kind, options)` is called in the gesture; kinds: microphone, file, signal, tab. */
  constructor(choose) {
    this.backdrop = new Backdrop(find("backdrop"));
    for (const [value, label] of SIGNALS) find("signals").append(new Option(label, value));
    find("channels").max = String(SETTINGS.channels.max);
    const picker = find("picker");
    find("microphone").onclick = () => choose("microphone", { deviceId: find("inputs").value || undefined });
    find("file").onclick = () => picker.click();
    picker.onchange = () => {
      const [file] = picker.files;
      picker.value = "";
      if (file) choose("file", { file });
    };
    find("signal").onclick = () => choose("signal", this.signal());
    find("tab").onclick = () => choose("tab", {});
    find("link").onclick = () => this.#copyLink();
    find("again").onclick = () => this.retry?.();
  }

  /** The signal and the number of channels in the fields. */
  signal() {
    const field = find("channels");
    const channels = Math.min(Number(field.max), Math.max(1, Math.round(Number(field.value)) || 1));
    field.value = String(channels);
    return { signal: find("signals").value, channels };
  }

  /** Shows what a link asked for. */
  setSignal({ signal, channels }) {
    const menu = find("signals");
    if (signal && ![...menu.options].some((option) => option.value === signal)) menu.append(new Option(signal, signal));
    if (signal) menu.value = signal;
    if (channels) find("channels").value = String(channels);
  }

  /** Whether the page is seen, and not the picture. */
  get shown() {
    return document.body.dataset.state !== "running";
  }

  /** Which choices this browser has. */
  offer({ tab }) {
    find("choice-tab").hidden = !tab;
  }

  /** The input devices to choose from; one or none needs no menu. */
  setInputs(inputs) {
    const menu = find("inputs");
    const chosen = menu.value;
    menu.replaceChildren(new Option("the system's choice", ""));
    for (const { deviceId, label } of inputs) menu.append(new Option(label, deviceId));
    if (inputs.some(({ deviceId }) => deviceId === chosen)) menu.value = chosen;
    find("inputs-more").hidden = inputs.length < 2;
  }

  /** How far loading is; numbers in MB. */
  progress({ megabytes, total, fraction }) {
    const bar = find("bar");
    bar.classList.toggle("unknown", fraction === undefined);
    if (fraction !== undefined) {
      bar.firstElementChild.style.width = `${100 * fraction}%`;
      bar.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
    }
    const of = total === undefined ? "" : ` of ${total.toFixed(1)}`;
    this.say(`Loading ${megabytes.toFixed(1)}${of} MB`);
  }

  /** All is there. */
  loaded() {
    const bar = find("bar");
    bar.setAttribute("aria-valuenow", "100");
    bar.classList.remove("unknown");
    bar.classList.add("done");
    if (document.body.dataset.state === "start") this.say("Ready");
  }

  say(text) {
    find("status").value = text;
  }

  /** What the visitor has to know, over the page or the picture, until the next click or key; null: nothing. */
  notice(text) {
    const box = find("notice");
    box.textContent = text ?? "";
    box.hidden = !text;
    const hide = () => (box.hidden = true);
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, hide, { once: true, capture: true });
  }

  /** A choice was made and is being opened; the others can still be made instead. */
  busy(kind, text) {
    this.#state("busy");
    find("trouble").hidden = true;
    for (const choice of document.querySelectorAll(".choice")) {
      choice.classList.toggle("chosen", choice.id === `choice-${kind}`);
    }
    this.say(text);
  }

  /** What went wrong. `again` makes a button; `fatal` means that no choice can help. */
  trouble(trouble, { again, label = "Try again", fatal = false } = {}) {
    this.#state(fatal ? "fatal" : "start");
    const box = find("trouble");
    box.querySelector("h2").textContent = trouble.title;
    box.querySelector(".message").textContent = trouble.message;
    box.querySelector(".hint").textContent = trouble.hint;
    this.retry = again;
    find("again").hidden = !again;
    find("again").textContent = label;
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
    find("bar").hidden = fatal;
    this.say("");
  }

  /** The picture begins. */
  leave() {
    this.#state("running");
    this.backdrop.stop();
    this.say("");
    find("start").inert = true;
    find("stage").focus({ preventScroll: true });
  }

  /** Back over a picture that cannot go on, with what went wrong; the dead picture hears no more keys. */
  comeBack(trouble, options) {
    find("start").inert = false;
    this.trouble(trouble, options);
    find("stage").blur();
    find("stage").inert = true;
    find("again").focus({ preventScroll: true });
  }

  async #copyLink() {
    const { signal, channels } = this.signal();
    const address = signalAddress(location, signal, channels);
    try {
      await navigator.clipboard.writeText(address);
      find("link").textContent = "Copied";
      setTimeout(() => (find("link").textContent = "Copy link"), 2000);
    } catch {
      history.replaceState(null, "", address);
      this.say("The link is in the address bar now.");
    }
  }

  #state(state) {
    document.body.dataset.state = state;
  }
}
