// What can be set, listed and pressed: names, ranges, defaults. Made from the table in
// crates/settings by `cargo xtask docs`; edit that.

/** Every setting by its name. `expected` is the sentence that refuses, `unset` a word for no value. */
export const SETTINGS = {
  "channels": { scope: "stream", min: 1, max: 256, whole: true, unit: "", unset: "auto", default: "auto", expected: "give a whole number, 1 to 256, or auto" },
  "rate": { scope: "stream", min: 1000, max: 768000, whole: true, unit: "Hz", unset: "auto", default: "auto", expected: "give a whole number, 1000 to 768000 Hz, or auto" },
  "history": { scope: "stream", min: 0.1, max: 86400, whole: false, unit: "s", default: "30", expected: "give 0.1 to 86400 s" },
  "speed": { scope: "stream", min: 0.01, max: 1000, whole: false, unit: "", default: "1", expected: "give 0.01 to 1000" },
  "window": { scope: "analysis", names: ["hann","hamming","blackman","blackman-harris","nuttall","flat-top","kaiser:BETA","gaussian:SIGMA","rect"], default: "hann", expected: "give one of hann, hamming, blackman, blackman-harris, nuttall, flat-top, kaiser:BETA, gaussian:SIGMA, rect" },
  "window-size": { scope: "analysis", min: 64, max: 32768, whole: true, unit: "frames", default: "2048", expected: "give a whole number, 64 to 32768 frames" },
  "hop": { scope: "analysis", min: 1, max: 1000000, whole: true, unit: "frames", default: "512", expected: "give a whole number, 1 to 1000000 frames" },
  "scale": { scope: "analysis", names: ["linear","log","mel","bark","erb"], default: "log", expected: "give one of linear, log, mel, bark, erb" },
  "min-hz": { scope: "analysis", min: 0, max: 384000, whole: false, unit: "Hz", default: "30", expected: "give 0 to 384000 Hz" },
  "max-hz": { scope: "analysis", min: 0, max: 384000, whole: false, unit: "Hz", default: "20000", expected: "give 0 to 384000 Hz" },
  "span": { scope: "view", min: 0.05, max: 3600, whole: false, unit: "s", default: "10", expected: "give 0.05 to 3600 s" },
  "db-min": { scope: "view", min: -160, max: 24, whole: false, unit: "dBFS", default: "-90", expected: "give -160 to 24 dBFS" },
  "db-max": { scope: "view", min: -160, max: 24, whole: false, unit: "dBFS", default: "-6", expected: "give -160 to 24 dBFS" },
  "colormap": { scope: "view", names: ["viridis","plasma","inferno","magma","cividis","turbo","cubehelix","grey","aurora"], default: "viridis", expected: "give one of viridis, plasma, inferno, magma, cividis, turbo, cubehelix, grey, aurora" },
  "gamma": { scope: "view", min: 0.25, max: 4, whole: false, unit: "", default: "1", expected: "give 0.25 to 4" },
  "height-scale": { scope: "view", min: 0.05, max: 2.5, whole: false, unit: "", default: "1", expected: "give 0.05 to 2.5" },
  "channel": { scope: "view", default: "1", expected: "give channels from 1 on, like 1,3-5, at most 64" },
  "show": { scope: "instruments", names: ["peaks","average","hold","meters","loudness","stereo","coherence"], default: "none", expected: "give some of peaks, average, hold, meters, loudness, stereo, coherence, or all or none" },
  "a4": { scope: "instruments", min: 380, max: 500, whole: false, unit: "Hz", default: "440", expected: "give 380 to 500 Hz" },
  "average": { scope: "instruments", min: 0, max: 60, whole: false, unit: "s", default: "1", expected: "give 0 to 60 s" },
  "hold-fall": { scope: "instruments", min: 1, max: 120, whole: false, unit: "dB/s", unset: "off", default: "off", expected: "give 1 to 120 dB/s, or off" },
  "pair": { scope: "instruments", unset: "auto", default: "auto", expected: "give two channels from 1 on, like 1,2, or auto" },
  "reference": { scope: "instruments", unset: "auto", default: "auto", expected: "give a channel from 1 on, or auto" },
  "panel": { scope: "program", default: "on", expected: "give on or off" },
  "overlay": { scope: "program", default: "off", expected: "give on or off" },
  "size": { scope: "program", default: "1600x900", expected: "give WIDTHxHEIGHT in pixels, each 64 to 8192" },
  "smooth": { scope: "program", default: "on", expected: "give on or off" },
  "seconds": { scope: "program", min: 0.001, max: 1000000000, whole: false, unit: "s", unset: "never", default: "never", expected: "give 0.001 to 1000000000 s, or never" },
};

/** The built-in signals as a menu offers them: value and label. */
export const SIGNALS = [
  ["demo","demo"],
  ["chord","chord"],
  ["chirp","chirp"],
  ["sweep-pair","sweep-pair"],
  ["shepard","endless rise"],
  ["clicks","clicks"],
  ["pink","pink noise"],
  ["white","white noise"],
  ["silence","silence"],
  ["sine:440","sine 440 Hz"],
  ["sine:1000","sine 1 kHz"],
];

/** Keys by the names of their actions. */
export const KEYS = {
  "toggle-panel": "Tab",
  "toggle-overlay": "F3",
  "next-colormap": "C",
  "toggle-peaks": "P",
  "toggle-hold": "H",
  "toggle-meters": "M",
  "toggle-stereo": "G",
  "quit": "Ctrl+Q",
};
