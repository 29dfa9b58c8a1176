"""Writes windows.csv and stft.csv, the figures of scipy that the tests compare with.

Run it by hand in a virtual environment with numpy and scipy; the tests only read its results.
"""

from pathlib import Path

import numpy as np
import scipy
from scipy.signal import ShortTimeFFT, get_window

HERE = Path(__file__).parent
WINDOWS = {
    "hann": "hann",
    "hamming": "hamming",
    "blackman": "blackman",
    "blackman-harris": "blackmanharris",
    "nuttall": "nuttall",
    "flat-top": "flattop",
    "kaiser:0": ("kaiser", 0.0),
    "kaiser:8.6": ("kaiser", 8.6),
    "kaiser:14": ("kaiser", 14.0),
    "kaiser:40": ("kaiser", 40.0),
    "kaiser:300": ("kaiser", 300.0),
    "gaussian:3.5": ("gaussian", 3.5),
    "gaussian:300": ("gaussian", 300.0),
    "rect": "boxcar",
}
# Window, transform, hop: powers of two, others, an odd one, padded ones, the smallest and the largest.
SIZES = (
    (64, 64, 16),
    (256, 256, 100),
    (500, 512, 333),
    (1000, 1000, 250),
    (1023, 1023, 77),
    (2048, 2048, 512),
    (2048, 8192, 512),
    (8192, 8192, 2048),
    (32768, 32768, 7000),
)
FRAMES = 40_000


def places(n):
    """All places of a short window, a spread of those of a long one."""
    return range(n) if n < 32 else sorted({n * k // 11 for k in range(11)} | {1, n // 2, n - 1})


def noise(n):
    """The generator of the tests: float32 noise with a loud and a faint sine under it."""
    state, out = 1, np.empty(n, np.float32)
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = np.float32((state - 2**32 if state >= 2**31 else state) / 2**31 * 1e-3)
    t = np.arange(n)
    sines = 0.5 * np.sin(2 * np.pi * t * 0.0321) + 1e-4 * np.sin(2 * np.pi * t * 0.25)
    return (out + sines.astype(np.float32)).astype(np.float32)


with open(HERE / "windows.csv", "w") as file:
    print(f"# scipy {scipy.__version__} get_window(fftbins=True): window,n,i,value", file=file)
    for ours, theirs in WINDOWS.items():
        for n in (1, 2, 16, 17, 64, 1000, 2048, 32768):
            w = get_window(theirs, n, fftbins=True)
            for i in places(n):
                print(f"{ours},{n},{i},{w[i]:.17g}", file=file)

with open(HERE / "stft.csv", "w") as file:
    print(f"# scipy {scipy.__version__} ShortTimeFFT: window,size,fft,hop,column,bin,dBFS", file=file)
    x = noise(FRAMES).astype(float)
    for ours, theirs in WINDOWS.items():
        if ours in ("gaussian:3.5", "kaiser:300"):
            continue
        for size, mfft, hop in SIZES:
            w = get_window(theirs, size, fftbins=True)
            stft = ShortTimeFFT(w, hop, 1.0, mfft=mfft, scale_to="magnitude", phase_shift=None)
            # Column p starts at p·hop − size//2 in scipy's counting; keep those that start at q·hop.
            for q in (0, (FRAMES - size) // hop):
                frame = x[q * hop : q * hop + size]
                spectrum = stft.stft_detrend(frame, None, p0=0, p1=1, k_offset=size // 2)[:, 0]
                gain = np.full(mfft // 2 + 1, 2.0)
                gain[0] = 1.0
                if mfft % 2 == 0:
                    gain[-1] = 1.0
                level = 20 * np.log10(np.maximum(np.abs(spectrum) * gain, 1e-10))
                bins = {0, 1, mfft // 2, mfft // 4} | {mfft // 2 * k // 7 for k in range(7)}
                for b in sorted(bins | {int(np.argmax(level))}):
                    print(f"{ours},{size},{mfft},{hop},{q},{b},{level[b]:.9g}", file=file)
