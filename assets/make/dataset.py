"""Loads the prepared clips and spoils waves the way rooms, microphones and other throats do."""
import numpy as np
import torch

import common


def load(keys):
    """All clips as dictionaries of arrays; `speaker` and `name` are always there."""
    clips = []
    for file in sorted((common.DATA / "feats").glob("*.npz")):
        with np.load(file) as box:
            clip = {k: box[k] for k in keys}
            clip["speaker"] = str(box["speaker"])
        clip["name"] = file.stem
        clips.append(clip)
    return clips


def smooth_curve(batch, bins, points, size):
    """Random smooth curves in nepers over frequency: a microphone's or a room's colour."""
    knots = torch.randn(batch, 1, points) * size
    return torch.nn.functional.interpolate(knots, bins, mode="linear", align_corners=True)[:, 0]


def recolour(wave, warp=(0.84, 1.2), colour=0.45):
    """Shifts formants by a random factor and tilts the spectrum; pitch and timing stay."""
    batch, length = wave.shape
    window = torch.hann_window(512)
    spectrum = torch.stft(wave, 512, 128, window=window, return_complex=True)
    level = torch.log(spectrum.abs() + 1e-5).transpose(1, 2)           # [B, T, 257]
    cepstrum = torch.fft.irfft(level, n=512)
    cepstrum[..., 22:-21] = 0
    shape = torch.fft.rfft(cepstrum, n=512).real
    low, high = np.log(warp[0]), np.log(warp[1])
    factor = torch.exp(torch.empty(batch).uniform_(low, high))
    factor[torch.rand(batch) < 0.2] = 1.0
    grid = (torch.arange(257)[None] / factor[:, None]).clamp(max=255.999)
    left = grid.long()
    part = (grid - left)[:, None]
    left = left[:, None].expand(-1, shape.shape[1], -1)
    moved = shape.gather(2, left) * (1 - part) + shape.gather(2, left + 1) * part
    gain = (moved - shape).clamp(-2.5, 2.0) + smooth_curve(batch, 257, 7, colour)[:, None]
    spectrum = spectrum * torch.exp(gain).transpose(1, 2)
    return torch.istft(spectrum, 512, 128, window=window, length=length)


def noise_like(batch, length):
    """Noise of random colour, unit power."""
    noise = torch.fft.rfft(torch.randn(batch, length))
    shape = smooth_curve(batch, noise.shape[1], 6, 1.0)
    slope = -torch.rand(batch, 1) * torch.log1p(torch.arange(noise.shape[1]) / 100)[None]
    noise = torch.fft.irfft(noise * torch.exp(shape + slope), n=length)
    return noise / (noise.pow(2).mean(1, keepdim=True).sqrt() + 1e-9)


def room(wave):
    """A short random room: direct sound, then a decaying tail."""
    batch, length = wave.shape
    time = torch.arange(3200) / common.RATE_IN
    decay = torch.empty(batch, 1).uniform_(0.02, 0.07)
    tail = torch.randn(batch, 3200) * torch.exp(-time / decay)
    tail[:, :16] = 0
    tail *= torch.empty(batch, 1).uniform_(0.05, 0.5) / (tail.norm(dim=1, keepdim=True) + 1e-9)
    tail[:, 0] = 1
    size = length + 3200
    return torch.fft.irfft(torch.fft.rfft(wave, size) * torch.fft.rfft(tail, size), size)[:, :length]


def spoil(wave):
    """The student's input: formants, colour, room, noise and level changed; the words are not."""
    batch, length = wave.shape
    wave = recolour(wave)
    some = torch.rand(batch) < 0.4
    if some.any():
        wave[some] = room(wave[some])
    power = wave.pow(2).mean(1, keepdim=True).sqrt()
    snr = torch.empty(batch, 1).uniform_(6, 45)
    wave = wave + noise_like(batch, length) * power * 10 ** (-snr / 20) * (torch.rand(batch, 1) < 0.6)
    wave = wave / (power + 1e-6) * 10 ** (torch.empty(batch, 1).uniform_(-44, -14) / 20)
    return wave.clamp(-1, 1)
