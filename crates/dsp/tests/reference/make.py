"""Writes the vectors in this folder: what numpy and scipy say, for the Rust tests to compare with.

    python -m venv VENV; VENV/bin/pip install numpy scipy soundfile
    VENV/bin/python make.py RECORDING.flac

The tests only read the results; nothing of this runs in a build. RECORDING is
`guit_em9.flac` of Debian's package sonic-pi-samples (two channels at 44.1 kHz; by Sub-d,
freesound.org/people/Sub-d/sounds/46992, CC0). Without it the excerpt that is here is used again.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.signal import ShortTimeFFT, coherence, find_peaks, get_window

HERE = Path(__file__).parent
START, FRAMES = 40_000, 12_000
# In the order of the tests; their parameters are spelled there as here.
WINDOWS = [
    "hann", "hamming", "blackman", "blackmanharris", "nuttall", "flattop",
    ("kaiser", 8.6), ("gaussian", 100.0), "boxcar",
]
# window size, transform size, hop
SIZES = [
    (256, 256, 100), (1024, 1024, 256), (2048, 4096, 512), (8192, 8192, 3000),
    (64, 64, 16), (1000, 1000, 250), (2048, 2048, 512),
]
# window, nperseg, nfft, noverlap
COHERENCES = [
    ("hann", 256, 256, 128),
    ("hann", 1024, 2048, 768),
    ("blackmanharris", 500, 500, 250),
    ("boxcar", 512, 512, 0),
]


def recording():
    path = HERE / "recording.npy"
    if len(sys.argv) > 1:
        import soundfile

        samples, _ = soundfile.read(sys.argv[1], start=START, frames=FRAMES, dtype="int16")
        np.save(path, np.ascontiguousarray(samples.T))
    return np.load(path).astype(float) / 32768


def spectra(pair):
    """Rows of window, size index, channel, column, bin, dBFS."""
    rows = []
    for w, name in enumerate(WINDOWS):
        for s, (size, mfft, hop) in enumerate(SIZES):
            window = get_window(name, size, fftbins=True)
            stft = ShortTimeFFT(window, hop, 1.0, mfft=mfft, scale_to="magnitude", phase_shift=None)
            gain = np.full(mfft // 2 + 1, 2.0)
            gain[[0, -1]] = 1.0
            last = (pair.shape[1] - size) // hop
            for channel, column in ((0, 0), (1, last)):
                frame = pair[channel, column * hop : column * hop + size]
                # One slice whose middle lies half a window in: the frame itself, unpadded.
                spectrum = stft.stft_detrend(frame, None, p0=0, p1=1, k_offset=size // 2)[:, 0]
                level = 20 * np.log10(np.maximum(np.abs(spectrum) * gain, 1e-10))
                bins = np.unique(np.linspace(0, mfft // 2, 17).astype(int) + (w + s) % 3)
                bins = np.append(bins[bins <= mfft // 2], np.argsort(level)[-12:])
                rows += [(w, s, channel, column, b, level[b]) for b in bins]
    return np.array(rows, dtype=np.float32)


def coherences(pair):
    """One after the other."""
    return np.concatenate([
        coherence(*pair, window=w, nperseg=n, nfft=m, noverlap=o)[1] for w, n, m, o in COHERENCES
    ])


def peaks():
    """Columns of random levels with plateaus; for each the bins above −80 with prominence 10."""
    rng = np.random.default_rng(5)
    columns = np.round(rng.normal(-75, 8, (12, 129)) * 2) / 2
    columns[6:] = np.round(columns[6:] / 6) * 6  # many plateaus
    columns = columns.astype(np.float32)
    found = [
        (i, bin)
        for i, column in enumerate(columns)
        for bin in find_peaks(column, height=-80, prominence=10)[0]
    ]
    return columns, np.array(found, dtype=np.int16)


pair = recording()
np.save(HERE / "spectra.npy", spectra(pair))
np.save(HERE / "coherence.npy", coherences(pair))
columns, found = peaks()
np.save(HERE / "columns.npy", columns)
np.save(HERE / "peaks.npy", found)
