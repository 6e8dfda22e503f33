"""The synthesizer: source and filter, strictly causal, with RVC's tensor interface.

A band-limited pulse train (from pitchf) and noise (from rnd) are cut in 10 ms Hann windows every
5 ms, each window is filtered by a minimum-phase filter whose causal cepstrum a small causal
network predicts from the embeddings, and the results are overlap-added. A minimum-phase filter
never sounds before its window starts, so there is no look-ahead at all, and nothing but `rnd`
and `pitchf` drives it: the same inputs give the same samples.

The network runs once for every two 10 ms frames, since embeddings come 50 times a second and are
given twice; and `skip_head` leaves out the sound of frames that are only fed as context.
"""
import numpy as np
import torch
from torch import nn

import common

SUB = 120                 # a filter every 5 ms
WIN = 240                 # excitation window
FFT = 480                 # window plus the filter's tail
BINS = FFT // 2 + 1
VOICED, NOISE = 100, 64   # cepstral coefficients
WIDTH = 256
DILATIONS = (1, 1, 1, 1, 2, 2)    # in pairs of frames
REACH = 4 * sum(DILATIONS)    # frames of context that change the newest one
LEAD = 2                  # frames of sound until the overlap-add is complete


def transforms():
    """DFT of a Hann window (WIN -> BINS) and its inverse (BINS -> FFT) as real matrices."""
    n = np.arange(WIN)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / WIN)
    phase = 2 * np.pi * np.outer(n, np.arange(BINS)) / FFT
    forward = np.concatenate([np.cos(phase), -np.sin(phase)], 1) * hann[:, None]
    back = 2 * np.pi * np.outer(np.arange(BINS), np.arange(FFT)) / FFT
    weight = np.full((BINS, 1), 2.0 / FFT)
    weight[0] = weight[-1] = 1.0 / FFT
    inverse = np.concatenate([np.cos(back) * weight, -np.sin(back) * weight], 0)
    return torch.tensor(forward, dtype=torch.float32), torch.tensor(inverse, dtype=torch.float32)


def cepstrum_to_log(count):
    """Causal cepstrum -> log magnitude and phase on the bins: minimum phase by construction."""
    angle = 2 * np.pi * np.outer(np.arange(count), np.arange(BINS)) / FFT
    return torch.tensor(np.concatenate([np.cos(angle), -np.sin(angle)], 1), dtype=torch.float32)


def noise_mixer():
    """A fixed rotation that spreads the numbers of one frame over its 240 samples."""
    rng = np.random.default_rng(common.SEED)
    q, _ = np.linalg.qr(rng.standard_normal((common.UPP, common.UPP)))
    return torch.tensor(q, dtype=torch.float32)


class Block(nn.Module):
    """Causal depthwise convolution, then a per-frame two-layer net, with a residual."""

    def __init__(self, dilation):
        super().__init__()
        self.pad = 2 * dilation
        self.depth = nn.Conv1d(WIDTH, WIDTH, 3, dilation=dilation, groups=WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, 2 * WIDTH)
        self.down = nn.Linear(2 * WIDTH, WIDTH)
        nn.init.zeros_(self.down.bias)

    def forward(self, x):
        y = self.depth(nn.functional.pad(x.transpose(1, 2), (self.pad, 0))).transpose(1, 2)
        return x + self.down(nn.functional.gelu(self.up(self.norm(y))))


class Synthesizer(nn.Module):
    def __init__(self, mean=None, scale=None):
        super().__init__()
        self.register_buffer("mean", torch.zeros(common.DIM) if mean is None else mean)
        self.register_buffer("scale", torch.ones(common.DIM) if scale is None else scale)
        self.enter = nn.Linear(common.DIM + 8, WIDTH)
        self.blocks = nn.ModuleList(Block(d) for d in DILATIONS)
        self.norm = nn.LayerNorm(WIDTH)
        # four sub-frames a pair, each with the cepstra of the voiced and the noise filter
        self.leave = nn.Linear(WIDTH, 4 * (VOICED + NOISE))
        # cepstra of throats fall with their order: scaling by it is a prior for smooth filters
        order = torch.cat([torch.arange(VOICED), torch.arange(NOISE)])
        self.register_buffer("taper", 2.0 / (1 + order / 5), False)
        with torch.no_grad():
            self.leave.weight.mul_(0.1)
            self.leave.bias.zero_()
            for sub in range(4):
                # the voice starts louder than the noise, falling with frequency
                self.leave.bias[sub * (VOICED + NOISE)] = -2.8
                self.leave.bias[sub * (VOICED + NOISE) + 1] = 0.8
                self.leave.bias[sub * (VOICED + NOISE) + VOICED] = -4.0
        forward, inverse = transforms()
        self.register_buffer("dft", forward, False)
        self.register_buffer("idft", inverse, False)
        self.register_buffer("voiced_log", cepstrum_to_log(VOICED), False)
        self.register_buffer("noise_log", cepstrum_to_log(NOISE), False)
        self.register_buffer("mixer", noise_mixer(), False)
        self.register_buffer("ramp", (torch.arange(common.UPP) + 1.0) / common.UPP, False)

    def filters(self, phone, pitchf):
        """Cepstra [B, 2T, VOICED + NOISE]; an odd frame at the end is paired with itself."""
        odd = phone.shape[1] % 2
        phone = torch.cat([phone, phone[:, phone.shape[1] - odd:]], 1)
        pitchf = torch.cat([pitchf, pitchf[:, pitchf.shape[1] - odd:]], 1)
        voiced = (pitchf > 0).to(phone.dtype)
        octave = torch.log2(pitchf.clamp(min=40.0) / 200.0) * voiced
        pitch = torch.stack([octave, voiced, torch.sin(3 * octave), torch.cos(3 * octave)], -1)
        phone = ((phone - self.mean) * self.scale).reshape(phone.shape[0], -1, 2, common.DIM).mean(2)
        x = self.enter(torch.cat([phone, pitch.reshape(pitch.shape[0], -1, 8)], -1))
        for block in self.blocks:
            x = block(x)
        out = self.leave(self.norm(x))
        out = out.reshape(out.shape[0], -1, VOICED + NOISE) * self.taper
        return out[:, :out.shape[1] - 2 * odd]

    def pulses(self, pitchf, phase0=None):
        """Band-limited pulse train of unit power, [B, T * 240]; silent where unvoiced."""
        before = torch.cat([pitchf[:, :1], pitchf[:, :-1]], 1)
        before = torch.where(before > 0, before, pitchf)
        # cycles at the end of each frame, summed in double: long files must not drift
        cycles = (before + pitchf).double() * (0.5 * common.UPP / common.RATE_OUT)
        start = torch.cumsum(cycles, 1) - cycles
        start = (start - torch.floor(start)).to(pitchf.dtype)
        if phase0 is not None:
            start = start + phase0
        step = common.UPP / common.RATE_OUT
        ramp = self.ramp
        phase = start[..., None] + step * (before[..., None] * ramp
                                           + (pitchf - before)[..., None] * (0.5 * ramp * ramp))
        phase = phase - torch.floor(phase)
        # Dirichlet kernel: all harmonics up to 11.5 kHz in closed form
        count = torch.floor(11500.0 / pitchf.clamp(min=40.0))[..., None]
        below = torch.sin(torch.pi * phase)
        small = below.abs() < 1e-4
        kernel = torch.where(small, 2 * count + 1,
                             torch.sin(torch.pi * (2 * count + 1) * phase)
                             / torch.where(small, torch.ones_like(below), below))
        pulse = (kernel - 1) * 0.5 * torch.rsqrt(0.5 * count)
        pulse = pulse * (pitchf > 0).to(pulse.dtype)[..., None]
        return pulse.reshape(pulse.shape[0], -1)

    def noise(self, rnd):
        """White noise of unit power from 192 numbers a frame; the last 48 are their products."""
        rnd = rnd.transpose(1, 2) * 1.5
        more = rnd[..., :48] * rnd[..., 48:96]
        white = torch.cat([rnd, more], -1) @ self.mixer
        return white.reshape(white.shape[0], -1)

    def windows(self, wave):
        """[B, 240 T] -> spectra [B, 2T, 2 BINS] of windows that start every 120 samples.

        A window reaches half a hop into the next frame, so windows are read one hop late:
        window j covers samples 120 (j - 1) .. 120 (j + 1), all known once its frame is.
        """
        half = nn.functional.pad(wave, (SUB, 0)).reshape(wave.shape[0], -1, SUB)
        return torch.cat([half[:, :-1], half[:, 1:]], -1) @ self.dft

    def forward(self, phone, pitchf, rnd, phase0=None):
        return self.render(self.filters(phone, pitchf), pitchf, rnd, phase0)

    def render(self, cepstra, pitchf, rnd, phase0=None):
        """Filters the pulses and the noise, and adds the windows up."""
        total = None
        for wave, part, matrix in (
                (self.pulses(pitchf, phase0), cepstra[..., :VOICED], self.voiced_log),
                (self.noise(rnd), cepstra[..., VOICED:], self.noise_log)):
            log, angle = (part @ matrix).chunk(2, -1)
            gain = torch.exp(log.clamp(-16, 4))
            real, imaginary = gain * torch.cos(angle), gain * torch.sin(angle)
            a, b = self.windows(wave).chunk(2, -1)
            spectrum = torch.cat([a * real - b * imaginary, a * imaginary + b * real], -1)
            total = spectrum if total is None else total + spectrum
        pieces = (total @ self.idft).reshape(total.shape[0], -1, FFT // SUB, SUB)
        # overlap-add: block n of the output gets piece k of window n - k
        count = pieces.shape[1]
        out = pieces[:, :, 0]
        for k in range(1, FFT // SUB):
            out = out + nn.functional.pad(pieces[:, :, k], (0, 0, k, 0))[:, :count]
        return out.reshape(out.shape[0], -1)


class RvcInterface(nn.Module):
    """The names and shapes that RVC's exports have, with `skip_head` and `return_length`.

    `audio` is that of the frames skip_head .. skip_head + return_length.
    """

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, phone, phone_lengths, pitch, pitchf, ds, rnd, skip_head, return_length):
        # inputs that this model has no use for stay in the graph with weight zero
        unused = (phone_lengths.sum() + ds.sum() + pitch.sum()).to(phone.dtype) * 0.0
        net, stop = self.net, skip_head + return_length
        # the overlap-add is whole only after LEAD frames
        start = torch.clamp(skip_head - LEAD, min=0)
        cepstra = net.filters(phone, pitchf)[:, 2 * start:2 * stop]
        audio = net.render(cepstra, pitchf[:, start:stop], rnd[:, :, start:stop])
        return audio[:, (skip_head - start) * common.UPP:].unsqueeze(1) + unused
