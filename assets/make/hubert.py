"""The encoder: a small HuBERT for the content, beside fixed envelope and slow timbre columns.

`transformers.HubertModel` holds all learnt content weights, so standard tools open the checkpoint.
Two things make it fit for streaming. Attention is banded and causal: position i sees positions
i - REACH .. i, and the positional convolution keeps its future taps at zero. The output for frame
i is read at position i + 1, so every layer knows exactly one frame (20 ms) of what follows. And what
a later frame needs of an earlier one is short (`PAST` rows of keys, values and sums): given from call
to call, it makes a stream of pieces equal to one call on the whole. The conv front end is three layers
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

    def following(self, wave, past):
        """As `forward`, after what `past` [1, REACH, PAST] remembers; also gives the next past.

        A row of it: what one position gave to the positional convolution, its keys and values in
        every layer, and 1; all zeros where nothing came before. The newest frame is left out of
        the next past, because its output lacked what follows: the next call begins with it again.
        """
        net, width = self.hubert, 256
        hidden = net.feature_projection(net.feature_extractor(wave).transpose(1, 2))
        if isinstance(hidden, tuple):
            hidden = hidden[0]
        hidden = torch.cat([hidden, *[hidden[:, -1:]] * LOOKAHEAD], 1)
        line = torch.cat([past[..., :width], hidden], 1)
        kept = [line]
        embed = net.encoder.pos_conv_embed
        near = nn.functional.conv1d(line.transpose(1, 2), embed.conv.weight[..., :TAPS // 2 + 1],
                                    embed.conv.bias, groups=embed.conv.groups)
        hidden = hidden + embed.activation(near).transpose(1, 2)
        there = torch.cat([past[..., -1:], torch.ones_like(hidden[..., :1])], 1)
        queries = torch.arange(hidden.shape[1], device=wave.device)
        keys = torch.arange(line.shape[1], device=wave.device)
        age = queries[:, None] + REACH - keys[None, :]
        band = torch.where((age >= 0) & (age <= REACH), 0.0, -1e4) + (there.transpose(1, 2) - 1) * 1e4
        for n, layer in enumerate(net.encoder.layers):
            at = width * (1 + 2 * n)
            look, normal = layer.attention, layer.layer_norm(hidden)
            key = torch.cat([past[..., at:at + width], look.k_proj(normal)], 1)
            value = torch.cat([past[..., at + width:at + 2 * width], look.v_proj(normal)], 1)
            kept += [key, value]

            def heads(x):
                return x.unflatten(-1, (look.num_heads, look.head_dim)).transpose(1, 2)

            weight = heads(look.q_proj(normal) * look.scaling) @ heads(key).transpose(2, 3)
            seen = torch.softmax(weight + band[:, None], -1) @ heads(value)
            hidden = hidden + look.out_proj(seen.transpose(1, 2).flatten(2))
            hidden = hidden + layer.feed_forward(layer.final_layer_norm(hidden))
        last = 1 + LOOKAHEAD
        present = torch.cat([*kept, there], -1)[:, -REACH - last:-last]
        return net.encoder.layer_norm(hidden)[:, LOOKAHEAD:], present

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


def moving_mean(line):
    """Means over POOL frames, from the first that has as many."""
    return nn.functional.avg_pool1d(line.transpose(1, 2), POOL, 1).transpose(1, 2)


class Timbre(nn.Module):
    """Envelopes -> slow voice colour: what stays of the spectrum over half a second of speech."""

    def __init__(self, width=192):
        super().__init__()
        self.frame = nn.Sequential(nn.Linear(RAW, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.weigh = nn.Linear(width, 1)
        self.out = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, common.TIMBRE))

    def forward(self, raw):
        return self.following(raw, raw.new_zeros(len(raw), POOL - 1, 2 * self.weigh.in_features + 1))[0]

    def following(self, raw, past):
        """After the POOL - 1 frames whose weighted values `past` holds; also gives the next past."""
        hidden = self.frame(raw)
        weight = torch.sigmoid(self.weigh(hidden))
        line = torch.cat([past, torch.cat([hidden * weight, hidden ** 2 * weight, weight], -1)], 1)
        mean, square, share = moving_mean(line).split([hidden.shape[-1], hidden.shape[-1], 1], -1)
        mean, square = mean / (share + 1e-4), square / (share + 1e-4)
        spread = torch.sqrt((square - mean ** 2).clamp(min=0) + 1e-4)
        out = self.out(torch.cat([mean, spread], -1))
        out = out * torch.rsqrt((out ** 2).sum(-1, keepdim=True) + 1e-4)
        return out, line[:, -POOL + 1 - LOOKAHEAD:-LOOKAHEAD]


class Encoder(nn.Module):
    """What is exported: `source` [1, 1, N] -> `embed` [1, T, DIM].

    With `past` and `past_voice`, and giving `present` and `present_voice`, for streams; where they
    are not given, nothing came before.
    """

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

    def forward(self, source, past, past_voice):
        raw = self.normal(source)
        hidden, present = self.content.following(source[:, 0], past)
        voice, present_voice = self.timbre.following(raw, past_voice)
        content = self.head(hidden)
        # a neighbour's envelope would bring the neighbour's sound along where the two differ; what is
        # left of it after the content's part is the voice at this sound
        detail = raw @ self.detail_axes - content @ self.detail_told[:-1] - self.detail_told[-1]
        embed = torch.cat([content * self.scales[0], detail * self.scales[1], voice * self.scales[2]], dim=-1)
        return embed, present, present_voice

    def nothing(self):
        """`past` and `past_voice` of a beginning."""
        layers = len(self.content.hubert.encoder.layers)
        return (torch.zeros(1, REACH, 256 * (1 + 2 * layers) + 1),
                torch.zeros(1, POOL - 1, 2 * self.timbre.weigh.in_features + 1))
