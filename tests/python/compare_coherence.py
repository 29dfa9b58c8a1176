"""Compares the coherence of `soundfall measure` with scipy.signal.coherence of the same WAV file.

usage: compare_coherence.py WAV NPY REFERENCE WINDOW_SIZE HOP MIN_HZ MAX_HZ

REFERENCE counts from 1. Prints one JSON object: the largest difference, and scipy's mean of every
channel over MIN_HZ to MAX_HZ. Judges nothing.
"""
import json
import sys
import wave

import numpy as np
from scipy import signal


def main():
    wav, npy = sys.argv[1:3]
    reference, size, hop = map(int, sys.argv[3:6])
    low, high = map(float, sys.argv[6:8])
    with wave.open(wav) as file:
        assert file.getsampwidth() == 2, "16 bit"
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        sound, rate = data.reshape(-1, file.getnchannels()).T / 32768.0, file.getframerate()
    window = signal.get_window("hann", size, fftbins=True)
    frequencies, expected = signal.coherence(
        sound[reference - 1], sound, rate, window, nperseg=size, noverlap=size - hop
    )
    actual = np.load(npy)
    band = (frequencies >= low) & (frequencies <= high)
    print(json.dumps({
        "dtype": str(actual.dtype),
        "shape": list(actual.shape),
        "expected_shape": list(expected.shape),
        "worst": float(np.abs(actual - expected).max()) if actual.shape == expected.shape else None,
        "means": expected[:, band].mean(axis=1).tolist(),
    }))


main()
