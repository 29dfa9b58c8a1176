//! What `--help` says below the options: what comes out, and examples. Never parsed.

/// `soundfall --help`
pub const PROGRAM: &str = "\
Examples:
  soundfall                                    the default input device
  soundfall --signal demo                      a minute that shows what it can do
  soundfall --file song.flac --loop            a file, again and again
  soundfall render song.flac -o song.png --at 12
  soundfall measure song.flac
  soundfall peaks song.flac --from 10 --to 20

Data goes to stdout, messages to stderr. Exit code: 0 done, 1 failed, 2 wrong usage.";

/// `soundfall render --help`
pub const RENDER: &str = "\
Examples:
  soundfall render song.flac -o song.png --at 12 --span 5
  soundfall render song.flac -o wall.png --size 3840x2160 --colormap aurora
  soundfall render /dev/shm/ring -o now.png      a ring: what it holds now";

/// `soundfall stft --help`
pub const STFT: &str = "\
The array is float32 [channels, columns, bins] in dBFS: 0 is a full-scale sine, -200 the floor.
Column c is the window from frame c*HOP on, and stands for its middle; all windows are whole.
Bin b is b*RATE/FFT_SIZE Hz. Windows are periodic, as get_window(.., fftbins=True) of scipy.

Examples:
  soundfall stft song.flac -o spectrum.npy
  soundfall stft song.flac -o part.npy --from 10 --to 12 --window-size 8192 --channel 1
  soundfall stft song.flac --to 0.1 --json       axes, maxima, and the array itself";

/// `soundfall envelope --help`
pub const ENVELOPE: &str = "\
The array is float32 [channels, points, 2], minimum and maximum, full scale is 1; with --rms a
third value, the root mean square (0.707 of a full-scale sine). Point p of P covers the frames
from p*N/P up to (p+1)*N/P of N, rounded down; the nearest frame where that is none.

Examples:
  soundfall envelope song.flac -o envelope.npy --points 2000
  soundfall envelope song.flac --json --points 500 > waveform.json";

/// `soundfall peaks --help`
pub const PEAKS: &str = "\
A line is a tone: its channel, the seconds from the middle of the first window with it to that of
the last, the frequency (mean, weighted by power), the highest level, the nearest note and how far
above that it is. Lines come in order of time. Peaks of noise last a while as well, but their
frequency jumps about; they are left out without --unsteady. With --columns a line is a peak.

Fields of -o: channel, start, end, Hz, dBFS, MIDI number of the note, cents (no end of a peak).

Examples:
  soundfall peaks song.flac
  soundfall peaks song.flac --threshold -50 --from 10 --to 20 --a4 415
  soundfall peaks song.flac --json --columns --max 1 --channel 1";

/// `soundfall measure --help`
pub const MEASURE: &str = "\
Levels of every channel: peak, true peak (between the samples), RMS (0 is a full-scale sine), crest
factor, mean (DC, full scale is 1), samples at full scale or beyond. Loudness of all channels after
EBU R128: 1 to 6 channels as mono, stereo, 3.0, quadrophonic, 5.0, 5.1, more with equal weights.
The lowest correlation is that of a meter with a time constant of 0.3 s. Coherence is Welch's, the
mean of all windows: 1 where a channel follows the other one, 0 where they have nothing in common.

Examples:
  soundfall measure song.flac
  soundfall measure session.wav --pair 3,4 --from 60 --to 90
  soundfall measure session.wav --reference 1 --min-hz 50 --max-hz 500 -o coherence.npy";
