"""The fixed envelope branch: short-time log spectrum of the samples that one frame sees.

Written as convolutions with constant kernels, so that the exported graph needs no FFT. It is
exact from the first frame on, has no memory, and is what keeps a frame's own timbre in the
embedding. The low bands are wide enough to blur harmonics: pitch must not ride along.
"""
import numpy as np
import torch
from torch import nn

import common

LONG, SHORT = 44, 8                 # bands of the 25 ms window, and of each 12.5 ms half
RAW = LONG + 2 * SHORT
FLOOR = 3e-7                        # about -65 dBFS a band: below it is silence


def mel_bank(bands, bins, rate, low=40.0, high=7900.0):
    """Triangular mel filters [bands, bins], each at least 170 Hz wide, unit sum."""
    mel = np.linspace(1127 * np.log1p(low / 700), 1127 * np.log1p(high / 700), bands + 2)
    edge = 700 * np.expm1(mel / 1127)
    freq = np.linspace(0, rate / 2, bins)
    bank = np.zeros((bands, bins))
    for i in range(bands):
        centre = edge[i + 1]
        left = max(centre - edge[i], 85.0)
        right = max(edge[i + 2] - centre, 85.0)
        rise, fall = (freq - centre) / left + 1, (centre - freq) / right + 1
        bank[i] = np.clip(np.minimum(rise, fall), 0, None)
    return bank / bank.sum(1, keepdims=True)


def dft_kernel(size, offset):
    """Cosine and sine kernels of a Hann window at `offset` inside the 400-sample field."""
    bins = size // 2 + 1
    n = np.arange(size)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (n + 0.5) / size)
    window /= np.sqrt((window ** 2).sum())
    phase = 2 * np.pi * np.outer(np.arange(bins), n) / size
    kernel = np.zeros((2 * bins, 1, common.FIELD), np.float32)
    kernel[:bins, 0, offset:offset + size] = np.cos(phase) * window
    kernel[bins:, 0, offset:offset + size] = np.sin(phase) * window
    return kernel


class Envelope(nn.Module):
    """[B, 1, N] -> [B, T, RAW] natural log of band power."""

    def __init__(self):
        super().__init__()
        for name, size, offset, bands in (("long", 400, 0, LONG), ("first", 200, 0, SHORT),
                                          ("second", 200, 200, SHORT)):
            self.register_buffer(f"{name}_dft", torch.tensor(dft_kernel(size, offset)), False)
            bank = mel_bank(bands, size // 2 + 1, common.RATE_IN).astype(np.float32)
            self.register_buffer(f"{name}_bank", torch.tensor(bank.T.copy()), False)

    def forward(self, source):
        parts = []
        for name in ("long", "first", "second"):
            spectrum = nn.functional.conv1d(source, getattr(self, f"{name}_dft"),
                                            stride=common.HOP_IN)
            real, imaginary = spectrum.chunk(2, dim=1)
            power = (real ** 2 + imaginary ** 2).transpose(1, 2)
            parts.append(torch.log(power @ getattr(self, f"{name}_bank") + FLOOR))
        return torch.cat(parts, dim=-1)
