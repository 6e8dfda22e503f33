"""The encoder: a small HuBERT for the content, beside fixed envelope and slow timbre columns.

`transformers.HubertModel` holds all learnt content weights, so standard tools open the checkpoint.
Two things make it fit for streaming. Attention is banded and causal: position i sees positions
i - REACH .. i, and the positional convolution keeps its future taps at zero. The output for frame
i is read at position i + 1, so every layer knows exactly one frame (20 ms) of what follows, and
the newest frame but one of a window is as good as in a whole file. The conv front end is three layers
(10 ms filters every 2.5 ms, then down to 20 ms) with the field and stride of every HuBERT:
400 samples, 320 samples. Nothing is normalised over time.
"""
import torch
from torch import nn
from transformers import HubertConfig, HubertModel

import common
from envelope import RAW, Envelope

REACH = 8                # frames that one attention layer looks back
LOOKAHEAD = 1            # frames; at the very end the last one stands in for the next
POOL = 32                # frames (0.64 s) that the timbre columns average over
TAPS = 16                # positional convolution; the right half is zero


def config():
    return HubertConfig(
        hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=768,
        conv_dim=(192, 256, 256), conv_kernel=(160, 3, 3), conv_stride=(40, 2, 4), conv_bias=True,
        feat_extract_norm="layer", do_stable_layer_norm=True, feat_proj_layer_norm=True,
        num_conv_pos_embeddings=TAPS, num_conv_pos_embedding_groups=16, hidden_dropout=0.0,
        attention_dropout=0.0, activation_dropout=0.0, feat_proj_dropout=0.0, final_dropout=0.0,
        layerdrop=0.0, mask_time_prob=0.05, mask_feature_prob=0.0, attn_implementation="eager")


def filterbank(channels, size, rate):
    """Start of the first layer: windowed waves in four phases, more channels per hertz low down."""
    bands = channels // 4
    mel = torch.linspace(1127 * torch.log1p(torch.tensor(90 / 700)).item(),
                         1127 * torch.log1p(torch.tensor(7600 / 700)).item(), bands)
    hertz = 700 * torch.expm1(mel / 1127)
    n = torch.arange(size) - (size - 1) / 2
    # short windows for the high bands: onsets stay sharp there
    width = (1600 / hertz * 40).clamp(40, size)
    window = torch.where(n.abs()[None] < width[:, None] / 2,
                         0.5 + 0.5 * torch.cos(2 * torch.pi * n[None] / width[:, None]), 0.0)
    window = window / window.sum(1, keepdim=True)
    # speech falls by about 6 dB an octave: lift so that LayerNorm sees all bands
    lift = (hertz / 500).clamp(min=0.5) ** 0.8
    waves = [torch.cos(2 * torch.pi * hertz[:, None] * n[None] / rate + p * torch.pi / 2)
             for p in range(4)]
    return (torch.stack(waves, 1) * (window * lift[:, None])[:, None]).reshape(channels, 1, size)


class Content(nn.Module):
    """[B, N] waveform -> hidden states [B, T, 256] of the HuBERT."""

    def __init__(self):
        super().__init__()
        self.hubert = HubertModel(config())
        first = self.hubert.feature_extractor.conv_layers[0]
        with torch.no_grad():
            first.conv.weight.copy_(8 * filterbank(*first.conv.weight.shape[::2], common.RATE_IN))
            first.conv.bias.uniform_(-0.1, 0.1)
        self.keep_causal()

    def keep_causal(self):
        """Zeroes the positional taps that would look ahead; called after every step."""
        conv = self.hubert.encoder.pos_conv_embed.conv
        with torch.no_grad():
            conv.parametrizations.weight.original0[..., TAPS // 2 + 1:] = 0

    def band(self, frames, device):
        i = torch.arange(frames, device=device)
        past = i[:, None] - i[None, :]
        seen = (past >= 0) & (past <= REACH)
        return torch.where(seen, 0.0, -1e4)[None, None]

    def forward(self, wave, mask=None):
        net = self.hubert
        # the first filters start 8 times larger than unity: LayerNorm's epsilon is then near -65 dBFS
        hidden = net.feature_projection(net.feature_extractor(wave).transpose(1, 2))
        if isinstance(hidden, tuple):
            hidden = hidden[0]
        if mask is not None:
            hidden = torch.where(mask[..., None], net.masked_spec_embed.to(hidden.dtype), hidden)
        hidden = torch.cat([hidden, *[hidden[:, -1:]] * LOOKAHEAD], 1)
        encoder = net.encoder
        hidden = hidden + encoder.pos_conv_embed(hidden)
        band = self.band(hidden.shape[1], hidden.device).to(hidden.dtype)
        for layer in encoder.layers:
            hidden = layer(hidden, attention_mask=band)
            if isinstance(hidden, tuple):
                hidden = hidden[0]
        return encoder.layer_norm(hidden)[:, LOOKAHEAD:]


def causal_mean(value, weight):
    """Weighted mean over the last POOL frames: the same number in a window as in a whole file."""
    def moving(x):
        x = nn.functional.pad(x.transpose(1, 2), (POOL - 1, 0))
        return nn.functional.avg_pool1d(x, POOL, 1).transpose(1, 2)
    return moving(value * weight) / (moving(weight) + 1e-4)


class Timbre(nn.Module):
    """Envelopes -> slow voice colour: what stays of the spectrum over half a second of speech."""

    def __init__(self, width=192):
        super().__init__()
        self.frame = nn.Sequential(nn.Linear(RAW, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.weigh = nn.Linear(width, 1)
        self.out = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, common.TIMBRE))

    def forward(self, raw):
        hidden = self.frame(raw)
        weight = torch.sigmoid(self.weigh(hidden))
        mean = causal_mean(hidden, weight)
        square = causal_mean(hidden ** 2, weight)
        spread = torch.sqrt((square - mean ** 2).clamp(min=0) + 1e-4)
        out = self.out(torch.cat([mean, spread], -1))
        return out * torch.rsqrt((out ** 2).sum(-1, keepdim=True) + 1e-4)


class Encoder(nn.Module):
    """What is exported: `source` [1, 1, N] -> `embed` [1, T, DIM]."""

    def __init__(self, stats):
        super().__init__()
        self.content = Content()
        self.head = nn.Linear(256, common.CONTENT)
        self.envelope = Envelope()
        self.timbre = Timbre()
        for key in ("raw_mean", "raw_std"):
            self.register_buffer(key, torch.tensor(stats[key], dtype=torch.float32))
        # filled from head.npz: axes of the envelope, and what the content foretells along them
        self.register_buffer("detail_axes", torch.zeros(RAW, common.DETAIL))
        self.register_buffer("detail_told", torch.zeros(common.CONTENT + 1, common.DETAIL))
        self.register_buffer("scales", torch.tensor([1.0, 0.25, 0.35]))

    def normal(self, source):
        return (self.envelope(source) - self.raw_mean) / self.raw_std

    def forward(self, source):
        raw = self.normal(source)
        content = self.head(self.content(source[:, 0]))
        # a neighbour's envelope would bring the neighbour's sound along where the two differ; what is
        # left of it after the content's part is the voice at this sound
        detail = raw @ self.detail_axes - content @ self.detail_told[:-1] - self.detail_told[-1]
        return torch.cat([content * self.scales[0], detail * self.scales[1],
                          self.timbre(raw) * self.scales[2]], dim=-1)
