"""Compares the output of `soundfall stft` with scipy.signal.stft of the same WAV file.

usage: compare_stft.py WAV NPY WINDOW WINDOW_SIZE HOP [FFT_SIZE]

Prints one JSON object with the largest differences and scipy's axes. Judges nothing.
"""
import json
import sys
import wave

import numpy as np
from scipy import signal

FLOOR_DBFS = -100.0
NAMES = {"blackman-harris": "blackmanharris", "flat-top": "flattop", "rect": "boxcar"}


def read_wav(path):
    """Samples of a 16-bit WAV, [channels, frames], full scale 1."""
    with wave.open(path) as file:
        assert file.getsampwidth() == 2, "16 bit"
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return data.reshape(-1, file.getnchannels()).T / 32768.0, file.getframerate()


def window(name, size):
    """The periodic window of that command-line name."""
    kind, _, parameter = name.partition(":")
    kind = NAMES.get(kind, kind)
    return signal.get_window((kind, float(parameter)) if parameter else kind, size, fftbins=True)


def main():
    wav, npy, name, *sizes = sys.argv[1:]
    size, hop, *padded = map(int, sizes)
    fft_size = padded[0] if padded else size
    sound, rate = read_wav(wav)
    # Full windows only, from the first frame; scaled by 1/sum(window).
    frequencies, times, spectrum = signal.stft(
        sound, rate, window(name, size), nperseg=size, noverlap=size - hop, nfft=fft_size,
        detrend=False, boundary=None, padded=False, scaling="spectrum",
    )
    amplitude = 2 * np.abs(spectrum)  # [channels, bins, columns]
    amplitude[:, 0] /= 2
    if fft_size % 2 == 0:
        amplitude[:, -1] /= 2
    expected = 20 * np.log10(np.maximum(amplitude, 1e-10)).transpose(0, 2, 1)

    actual = np.load(npy)
    result = {
        "dtype": str(actual.dtype),
        "shape": list(actual.shape),
        "expected_shape": list(expected.shape),
        "bin_hz": frequencies[1],
        "first_secs": times[0],
        "hop_secs": times[1] - times[0],
    }
    if actual.shape == expected.shape:
        above = expected >= FLOOR_DBFS
        result["compared"] = int(above.sum())
        result["worst_db"] = float(np.abs(actual - expected)[above].max())
        result["loudest_dbfs"] = float(expected.max())
        result["loudest_of_channels_dbfs"] = expected.max(axis=(1, 2)).tolist()
        # What scipy finds quieter than the floor must not be loud here.
        result["worst_below_dbfs"] = float(actual[~above].max()) if (~above).any() else -200.0
        result["finite"] = bool(np.isfinite(actual).all())
    print(json.dumps(result))


main()
