"""Reduces a recording with clicks by scipy.signal.decimate, as a display would have to.

usage: compare_decimate.py WITH.wav WITHOUT.wav COLUMNS.npy HOP ROWS CLICK...

The WAVs are the recording with and without its clicks (float32, mono), COLUMNS.npy the spectrum of
the first by `soundfall stft`, HOP the frames from column to column, ROWS how many columns become one
row, CLICK the frame of each click. Prints one JSON object: what is left of every click, for each
filter of scipy's. Judges nothing.
"""
import json
import sys

import numpy as np
from scipy import signal
from scipy.io import wavfile


def decimated(x, factor, kind, axis=-1):
    """In steps of 8 at most: scipy's documentation asks for several calls above 13."""
    while factor > 1:
        step = min(factor, 8)
        x = signal.decimate(x, step, ftype=kind, axis=axis)
        factor //= step
    return x


def main():
    with_clicks, without, npy, hop, rows, *clicks = sys.argv[1:]
    hop, rows, clicks = int(hop), int(rows), [int(click) for click in clicks]
    (_, x), (_, quiet) = wavfile.read(with_clicks), wavfile.read(without)
    x, quiet = x.astype(float), quiet.astype(float)
    result = {"samples": {}, "rows": {}}
    for factor in (16, 64, 256):
        kinds = {}
        for kind in ("iir", "fir"):
            # The filters are linear: the difference is what became of the clicks.
            left = np.abs(decimated(x, factor, kind) - decimated(quiet, factor, kind))
            around = [left[max(0, click // factor - 4):click // factor + 6] for click in clicks]
            kinds[kind] = [float(span.max()) for span in around]
        result["samples"][str(factor)] = kinds

    levels = np.load(npy)[0].astype(float)  # [columns, bins] in dBFS
    power = 10 ** (levels / 10)
    for kind in ("iir", "fir"):
        of_levels = decimated(levels, rows, kind, axis=0)
        of_power = decimated(power, rows, kind, axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            of_power_db = 10 * np.log10(of_power)
        # How high the row of a click stands, in the mean of its bins.
        at = [click // hop // rows for click in clicks]
        mean = lambda array: [
            float(np.nanmean(np.nanmax(array[max(0, row - 1):row + 2], axis=0))) for row in at
        ]
        result["rows"][kind] = {
            "levels_dbfs": mean(of_levels),
            "power_dbfs": mean(of_power_db),
            "negative_powers": int((of_power < 0).sum()),
        }
    print(json.dumps(result))


main()
