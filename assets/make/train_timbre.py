"""Trains the timbre columns: the slow mean of envelopes must tell voices apart.

Each original voice and each resampled copy is its own class. Level, microphone colour and a
little noise change from piece to piece, so that only the voice is left to tell them by.
"""
import argparse
import time

import numpy as np
import torch
from torch import nn

import common
import dataset
from hubert import POOL, Timbre
from envelope import Envelope


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=2)
    args = parser.parse_args()
    torch.manual_seed(common.SEED)
    torch.set_num_threads(1)
    rng = np.random.default_rng(common.SEED)
    stats = np.load(common.DATA / "targets.npz")
    mean, std = (torch.tensor(stats[k]).float() for k in ("raw_mean", "raw_std"))
    clips = dataset.load(("low",))
    names = sorted({c["speaker"] for c in clips})
    label = np.array([names.index(c["speaker"]) for c in clips])
    envelope, timbre = Envelope(), Timbre()
    voices = nn.Parameter(torch.randn(len(names), common.TIMBRE))
    optimizer = torch.optim.AdamW([*timbre.parameters(), voices], lr=2e-3, weight_decay=0.02)
    start, step, size, batch, kept = time.time(), 0, 400 + 319 * 159, 24, 0.0
    while (done := (time.time() - start) / (60 * args.minutes)) < 1:
        chosen = rng.integers(0, len(clips), batch)
        wave = np.zeros((batch, size), np.float32)
        for b, i in enumerate(chosen):
            low = clips[i]["low"]
            at = int(rng.integers(0, max(1, len(low) - size)))
            wave[b, :len(low[at:at + size])] = low[at:at + size] / 32768
        wave = torch.tensor(wave)
        wave = wave + dataset.noise_like(*wave.shape) * 10 ** (torch.empty(batch, 1).uniform_(-75, -35) / 20)
        wave = wave * 10 ** (torch.empty(batch, 1).uniform_(-20, 8) / 20)
        with torch.no_grad():
            raw = (envelope(wave[:, None]) - mean) / std
            # a smooth colour over the bands: a microphone is no voice
            colour = dataset.smooth_curve(batch, 44, 5, 0.12)
            raw[..., :44] += colour[:, None]
        out = timbre(raw)[:, POOL::6]
        logits = 14 * out @ nn.functional.normalize(voices, dim=1).T
        goal = torch.tensor(label[chosen])[:, None].expand(-1, out.shape[1])
        spread = (out - out.mean(1, keepdim=True)).pow(2).sum(-1).mean()
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), goal.flatten(), label_smoothing=0.05)
        loss = loss + 0.5 * spread
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - done) + 1e-5
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        right = (logits.argmax(-1) == goal).float().mean().item()
        kept = right if step == 1 else 0.95 * kept + 0.05 * right
        if step % 100 == 0:
            print(f"timbre step {step} loss {loss.item():.3f} right {kept:.3f} spread {spread.item():.3f}",
                  flush=True)
    torch.save(timbre.state_dict(), common.DATA / "timbre.pt")


if __name__ == "__main__":
    main()
