"""The synthesizer: source and filter, strictly causal, with RVC's tensor interface.

A band-limited pulse train (from pitchf) and noise (from rnd) are cut in 10 ms Hann windows every
5 ms, each window is filtered by a minimum-phase filter whose causal cepstrum a small causal
network predicts from the embeddings, and the results are overlap-added. A minimum-phase filter
never sounds before its window starts, so there is no look-ahead at all, and nothing but `rnd`
and `pitchf` drives it: the same inputs give the same samples.

The network runs once for every two 10 ms frames, since embeddings come 50 times a second and are
given twice; and `skip_head` leaves out the sound of frames that are only fed as context. Being causal
throughout, it can also remember: `past` (what the convolutions, the pulse train and the overlap-add
have still in them) makes a stream of pieces equal to one call on the whole, sample for sample.
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
TAIL = FFT // SUB - 1     # pieces of SUB samples that a window sounds on into later ones
# what is remembered: inputs of the convolutions, pitch and phase, half a window of both waves, the tail
PARTS = (2 * sum(DILATIONS) * WIDTH, 1, 1, SUB, SUB, TAIL * SUB)


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
    """Causal depthwise convolution after `past` rows, then a per-frame two-layer net, with a residual."""

    def __init__(self, dilation):
        super().__init__()
        self.pad = 2 * dilation
        self.depth = nn.Conv1d(WIDTH, WIDTH, 3, dilation=dilation, groups=WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, 2 * WIDTH)
        self.down = nn.Linear(2 * WIDTH, WIDTH)
        nn.init.zeros_(self.down.bias)

    def forward(self, x, past):
        line = torch.cat([past, x], 1)
        y = self.depth(line.transpose(1, 2)).transpose(1, 2)
        return x + self.down(nn.functional.gelu(self.up(self.norm(y)))), line[:, -self.pad:]


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

    def nothing(self, batch=1):
        """`past` of a beginning."""
        return torch.zeros(batch, sum(PARTS))

    def filters(self, phone, pitchf):
        """Cepstra [B, 2T, VOICED + NOISE] of a beginning."""
        return self.filters_after(phone, pitchf, self.nothing(len(phone))[:, :PARTS[0]])[0]

    def filters_after(self, phone, pitchf, past):
        """Cepstra, and what the convolutions remember; an odd frame at the end is paired with itself."""
        odd = phone.shape[1] % 2
        phone = torch.cat([phone, phone[:, phone.shape[1] - odd:]], 1)
        pitchf = torch.cat([pitchf, pitchf[:, pitchf.shape[1] - odd:]], 1)
        voiced = (pitchf > 0).to(phone.dtype)
        octave = torch.log2(pitchf.clamp(min=40.0) / 200.0) * voiced
        pitch = torch.stack([octave, voiced, torch.sin(3 * octave), torch.cos(3 * octave)], -1)
        phone = ((phone - self.mean) * self.scale).reshape(phone.shape[0], -1, 2, common.DIM).mean(2)
        x = self.enter(torch.cat([phone, pitch.reshape(pitch.shape[0], -1, 8)], -1))
        rows, kept = past.reshape(past.shape[0], -1, WIDTH), []
        for block, part in zip(self.blocks, rows.split([block.pad for block in self.blocks], 1)):
            x, ended = block(x, part)
            kept.append(ended)
        out = self.leave(self.norm(x))
        out = out.reshape(out.shape[0], -1, VOICED + NOISE) * self.taper
        return out[:, :out.shape[1] - 2 * odd], torch.cat(kept, 1).flatten(1)

    def pulses(self, pitchf, pitch0, phase0):
        """Band-limited pulse train of unit power, [B, T * 240], after a frame of pitch `pitch0` [B, 1]
        that ended at `phase0` cycles; silent where unvoiced. Also the phase at the end."""
        before = torch.cat([pitch0, pitchf[:, :-1]], 1)
        before = torch.where(before > 0, before, pitchf)
        # cycles at the end of each frame, summed in double: long files must not drift
        cycles = (before + pitchf).double() * (0.5 * common.UPP / common.RATE_OUT)
        ends = torch.cumsum(cycles, 1) + phase0.double()
        start, ended = ends - cycles, ends[:, -1:]
        ended = (ended - torch.floor(ended)).to(pitchf.dtype)
        start = (start - torch.floor(start)).to(pitchf.dtype)
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
        return pulse.reshape(pulse.shape[0], -1), ended

    def noise(self, rnd):
        """White noise of unit power from 192 numbers a frame; the last 48 are their products."""
        rnd = rnd.transpose(1, 2) * 1.5
        more = rnd[..., :48] * rnd[..., 48:96]
        white = torch.cat([rnd, more], -1) @ self.mixer
        return white.reshape(white.shape[0], -1)

    def windows(self, wave, before):
        """[B, 240 T] after SUB samples `before` -> spectra [B, 2T, 2 BINS] of windows every 120 samples.

        A window reaches half a hop into the next frame, so windows are read one hop late:
        window j covers samples 120 (j - 1) .. 120 (j + 1), all known once its frame is.
        """
        half = torch.cat([before, wave], 1).reshape(wave.shape[0], -1, SUB)
        return torch.cat([half[:, :-1], half[:, 1:]], -1) @ self.dft

    def forward(self, phone, pitchf, rnd, phase0=None):
        return self.render(self.filters(phone, pitchf), pitchf, rnd, phase0)

    def render(self, cepstra, pitchf, rnd, phase0=None):
        """The sound of a beginning; `phase0` [B, 1] lets its pulses start elsewhere."""
        past = list(self.nothing(len(pitchf))[:, PARTS[0]:].split(PARTS[1:], 1))
        past[1] = past[1] if phase0 is None else phase0
        return self.render_after(cepstra, pitchf, rnd, past)[0]

    def render_after(self, cepstra, pitchf, rnd, past):
        """Filters the pulses and the noise, and adds the windows up; `past` as in PARTS, but its first."""
        pitch0, phase0, pulse0, noise0, tail = past
        pulse, phase = self.pulses(pitchf, pitch0, phase0)
        noise, total = self.noise(rnd), None
        for wave, before, part, matrix in ((pulse, pulse0, cepstra[..., :VOICED], self.voiced_log),
                                           (noise, noise0, cepstra[..., VOICED:], self.noise_log)):
            log, angle = (part @ matrix).chunk(2, -1)
            gain = torch.exp(log.clamp(-16, 4))
            real, imaginary = gain * torch.cos(angle), gain * torch.sin(angle)
            a, b = self.windows(wave, before).chunk(2, -1)
            spectrum = torch.cat([a * real - b * imaginary, a * imaginary + b * real], -1)
            total = spectrum if total is None else total + spectrum
        pieces = (total @ self.idft).reshape(total.shape[0], -1, FFT // SUB, SUB)
        # overlap-add: block n of the output gets piece k of window n - k
        count = pieces.shape[1]
        out = nn.functional.pad(tail.reshape(tail.shape[0], TAIL, SUB), (0, 0, 0, count))
        for k in range(TAIL + 1):
            out = out + nn.functional.pad(pieces[:, :, k], (0, 0, k, TAIL - k))
        present = [pitchf[:, -1:], phase, pulse[:, -SUB:], noise[:, -SUB:], out[:, count:].flatten(1)]
        return out[:, :count].reshape(out.shape[0], -1), present


class RvcInterface(nn.Module):
    """The names and shapes that RVC's exports have, with `skip_head` and `return_length`.

    `audio` is that of the frames skip_head .. skip_head + return_length. `past` and `present` are for
    streams of an even number of frames a call, in which nothing is skipped.
    """

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, phone, phone_lengths, pitch, pitchf, ds, rnd, skip_head, return_length, past):
        # inputs that this model has no use for stay in the graph with weight zero
        unused = (phone_lengths.sum() + ds.sum() + pitch.sum()).to(phone.dtype) * 0.0
        net, stop = self.net, skip_head + return_length
        # the overlap-add is whole only after LEAD frames
        start = torch.clamp(skip_head - LEAD, min=0)
        layers, *sound = past.split(PARTS, 1)
        cepstra, layers = net.filters_after(phone, pitchf, layers)
        audio, sound = net.render_after(cepstra[:, 2 * start:2 * stop], pitchf[:, start:stop],
                                        rnd[:, :, start:stop], sound)
        audio = audio[:, (skip_head - start) * common.UPP:].unsqueeze(1) + unused
        return audio, torch.cat([layers, *sound], 1)
