"""Draws spectrograms of wave files one above the other."""
import sys

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import common


def main():
    target, *files = sys.argv[1:]
    figure, axes = plt.subplots(len(files), 1, figsize=(14, 3.1 * len(files)), squeeze=False)
    for axis, file in zip(axes[:, 0], files):
        audio = common.read_mono(file, common.RATE_OUT)[:int(5.5 * common.RATE_OUT)]
        axis.specgram(audio + 1e-7 * np.random.default_rng(0).standard_normal(len(audio)), NFFT=768,
                      Fs=common.RATE_OUT, noverlap=624, vmin=-140, vmax=-40, cmap="magma")
        axis.set_title(file.rsplit("/", 1)[-1], fontsize=9)
        axis.set_ylim(0, 10000)
    figure.tight_layout()
    figure.savefig(target, dpi=45)


if __name__ == "__main__":
    main()
