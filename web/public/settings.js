// What can be set, listed and pressed: names, ranges, defaults, help. Made from the table in
// crates/settings by `cargo xtask docs`; edit that.

/** Every setting by its name. `expected` is the sentence that refuses, `unset` a word for no value. */
export const SETTINGS = {
  "channels": {"default":"auto","expected":"give a whole number, 1 to 256, or auto","help":"Channels to capture.","max":256,"min":1,"scope":"stream","unit":"","unset":"auto","whole":true},
  "rate": {"default":"auto","expected":"give a whole number, 1000 to 768000 Hz, or auto","help":"Sample rate.","max":768000,"min":1000,"scope":"stream","unit":"Hz","unset":"auto","whole":true},
  "history": {"default":"30","expected":"give 0.1 to 86400 s","help":"Length of the history that is kept.","max":86400,"min":0.1,"scope":"stream","unit":"s","whole":false},
  "speed": {"default":"1","expected":"give 0.01 to 1000","help":"Speed of a file, 1 is real time.","max":1000,"min":0.01,"scope":"stream","unit":"","whole":false},
  "window": {"default":"hann","expected":"give one of hann, hamming, blackman, blackman-harris, nuttall, flat-top, kaiser:BETA, gaussian:SIGMA, rect","help":"Window function.","names":["hann","hamming","blackman","blackman-harris","nuttall","flat-top","kaiser:BETA","gaussian:SIGMA","rect"],"scope":"analysis"},
  "window-size": {"default":"2048","expected":"give a whole number, 64 to 32768 frames","help":"Window length.","max":32768,"min":64,"scope":"analysis","unit":"frames","whole":true},
  "hop": {"default":"512","expected":"give a whole number, 1 to 1000000 frames","help":"From one column to the next.","max":1000000,"min":1,"scope":"analysis","unit":"frames","whole":true},
  "scale": {"default":"log","expected":"give one of linear, log, mel, bark, erb","help":"Spacing of the frequency axis.","names":["linear","log","mel","bark","erb"],"scope":"analysis"},
  "min-hz": {"default":"30","expected":"give 0 to 384000 Hz","help":"Lower end of the frequency axis.","max":384000,"min":0,"scope":"analysis","unit":"Hz","whole":false},
  "max-hz": {"default":"20000","expected":"give 0 to 384000 Hz","help":"Upper end of the frequency axis; lowered to half the sample rate.","max":384000,"min":0,"scope":"analysis","unit":"Hz","whole":false},
  "span": {"default":"10","expected":"give 0.05 to 3600 s","help":"Time from the front edge to the back.","max":3600,"min":0.05,"scope":"view","unit":"s","whole":false},
  "db-min": {"default":"-90","expected":"give -160 to 24 dBFS","help":"Level at the floor.","max":24,"min":-160,"scope":"view","unit":"dBFS","whole":false},
  "db-max": {"default":"-6","expected":"give -160 to 24 dBFS","help":"Level at the top.","max":24,"min":-160,"scope":"view","unit":"dBFS","whole":false},
  "colormap": {"default":"viridis","expected":"give one of viridis, plasma, inferno, magma, cividis, turbo, grey, aurora","help":"Colours of the levels.","names":["viridis","plasma","inferno","magma","cividis","turbo","grey","aurora"],"scope":"view"},
  "height-scale": {"default":"1","expected":"give 0.05 to 2.5","help":"Height of the surfaces, 1 is the designed one.","max":2.5,"min":0.05,"scope":"view","unit":"","whole":false},
  "channel": {"default":"1","expected":"give channels from 1 on, like 1,3-5, at most 64","help":"Channels shown, in order; all (up to 64) without it.","scope":"view"},
  "show": {"default":"none","expected":"give some of peaks, average, hold, meters, loudness, stereo, coherence, or all or none","help":"Instruments shown; nothing else is computed.","names":["peaks","average","hold","meters","loudness","stereo","coherence"],"scope":"instruments"},
  "a4": {"default":"440","expected":"give 380 to 500 Hz","help":"Frequency of A4, for the names of notes.","max":500,"min":380,"scope":"instruments","unit":"Hz","whole":false},
  "average": {"default":"1","expected":"give 0 to 60 s","help":"Time constant of averages.","max":60,"min":0,"scope":"instruments","unit":"s","whole":false},
  "hold-fall": {"default":"off","expected":"give 1 to 120 dB/s, or off","help":"How fast held maxima fall.","max":120,"min":1,"scope":"instruments","unit":"dB/s","unset":"off","whole":false},
  "pair": {"default":"auto","expected":"give two channels from 1 on, like 1,2, or auto","help":"Two channels (of the ring, from 0 here) for phase correlation and goniometer.","scope":"instruments","unset":"auto"},
  "reference": {"default":"auto","expected":"give a channel from 1 on, or auto","help":"The channel (of the ring, from 0 here) that coherence is measured to.","scope":"instruments","unset":"auto"},
  "panel": {"default":"on","expected":"give on or off","help":"Show the control panel.","scope":"program"},
  "overlay": {"default":"off","expected":"give on or off","help":"Show the performance overlay.","scope":"program"},
  "size": {"default":"1600x900","expected":"give WIDTHxHEIGHT in pixels, each 64 to 8192","help":"Size of the window or picture in pixels.","scope":"program"},
  "smooth": {"default":"on","expected":"give on or off","help":"Smooth edges (4 samples a pixel).","scope":"program"},
  "seconds": {"default":"never","expected":"give 0.001 to 1000000000 s, or never","help":"End after this many seconds.","max":1000000000,"min":0.001,"scope":"program","unit":"s","unset":"never","whole":false},
};

/** The built-in signals as a menu offers them: value and label. */
export const SIGNALS = [
  ["demo","demo"],
  ["chord","chord"],
  ["chirp","chirp"],
  ["sweep-pair","sweep-pair"],
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

/** What a link may say beside settings, with help. */
export const LINK_OPTIONS = {
  "signal": "Start this built-in signal at once.",
  "change": "Change a setting while it runs: SECS:NAME=VALUE, like 3:window-size=8192. May stand many times.",
  "draw": "Draw pictures (on) or leave them out (off), to measure everything else.",
  "coi": "Where the host sends no COOP and COEP headers, let a service worker add them.",
};
