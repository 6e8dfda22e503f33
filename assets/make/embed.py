"""Embeds all prepared speech with the exported encoder: what the synthesizer learns from.

Resampled copies get a random level (the audio with them), so that quiet and loud input are both
known. For every clip the blend of its nearest neighbours among the *other* clips of the same
speaker is stored too: that is what a ratio of 1 will feed the synthesizer. The question (stored as well) is put by
a spoiled copy of the clip (other formants, noise, level), so that the answers are as uncertain as
they are for a stranger's voice. With `--again`, once there is a synthesizer, more than half of the
questions come from the clip converted to another voice: that is how strangers' questions err.
"""
import argparse

import faiss
import numpy as np
import torch
from scipy.signal import firwin, resample_poly

import common
import dataset

# what the product's converter to 16 kHz lets through: half-way at 92 % of 8 kHz
HEARD = firwin(81, 7360, fs=common.RATE_IN, window="blackman").astype(np.float32)
RICH = 60                 # seconds of other speech that make a voice worth retrieving from


def heard(wave):
    """A wave as the encoder hears it in the product."""
    return np.convolve(wave, HEARD, "same").astype(np.float32)


def neighbours(query, bank, k=8):
    """RVC's blend: weights 1/d^4 over the k nearest, with an exact hit taken as it is."""
    index = faiss.IndexFlatL2(bank.shape[1])
    index.add(bank)
    score, ids = index.search(query, k)
    weight = (1 / np.maximum(score, 1e-9)) ** 2
    weight /= weight.sum(1, keepdims=True)
    return (bank[ids] * weight[..., None]).sum(1)


def converted(synth, own, other, rng):
    """The clip's words in another speaker's throat and at its pitch, 16 kHz: detail keeps what changes
    and takes the other's mean, the voice columns are the other's."""
    phone = own["embed"].copy()
    detail = slice(common.CONTENT, common.CONTENT + common.DETAIL)
    phone[:, detail] += other["embed"][:, detail].mean(0) - phone[:, detail].mean(0)
    phone[:, detail.stop:] = other["embed"][:, detail.stop:].mean(0)
    frames = 2 * len(phone)
    f0 = np.pad(own["f0"], (0, max(0, frames - len(own["f0"]))))[:frames]
    if (f0 > 0).any() and (other["f0"] > 0).any():
        f0 = f0 * np.median(other["f0"][other["f0"] > 0]) / np.median(f0[f0 > 0])
    feed = {"phone": np.repeat(phone, 2, 0)[None].astype(np.float32), "phone_lengths": np.array([frames]),
            "pitch": np.ones((1, frames), np.int64), "pitchf": f0[None].astype(np.float32),
            "ds": np.zeros(1, np.int64), "skip_head": np.array(0), "return_length": np.array(frames),
            "rnd": (0.66666 * rng.standard_normal((1, 192, frames))).astype(np.float32)}
    audio = resample_poly(synth.run(None, feed)[0][0, 0], 2, 3)
    return np.pad(audio, (0, common.FIELD)).astype(np.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--copies", type=float, default=1.0, help="share of the resampled copies used")
    parser.add_argument("--encoder", default=str(common.PACK / "encoder.onnx"))
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    torch.set_num_threads(1)
    torch.manual_seed(common.SEED)
    run = common.session(args.encoder)
    clips = dataset.load(("low", "human", "f0"))
    rng = np.random.default_rng(common.SEED)
    if args.copies < 1:
        clips = [c for c in clips
                 if c["human"] or c["speaker"][-1] not in "+-" or rng.random() < args.copies]
    for c in clips:
        copy = c["speaker"][-1] in "+-"
        c["gain"] = np.float32(10 ** (rng.uniform(-26, 5) / 20)) if copy else np.float32(1)
        low = np.clip(c["low"].astype(np.float32) / 32768 * c["gain"], -1, 1)
        c["embed"] = run.run(None, {"source": heard(low)[None, None]})[0][0]
        c["low"] = low
    synth = common.session(common.PACK / "synthesizer.onnx") if args.again else None
    for c in clips:
        if synth and rng.random() < 0.6:
            asked = converted(synth, c, clips[int(rng.integers(0, len(clips)))], rng)
        else:
            asked = dataset.spoil(torch.tensor(c["low"])[None]).numpy()[0]
        ask = run.run(None, {"source": heard(asked)[None, None]})[0][0]
        c["ask"] = np.ascontiguousarray(ask[np.minimum(np.arange(len(c["embed"])), len(ask) - 1)])
    speakers = {}
    for c in clips:
        speakers.setdefault(c["speaker"], []).append(c)
    for own in speakers.values():
        total = sum(len(c["embed"]) for c in own)
        for c in own:
            others = [o["embed"] for o in own if o is not c]
            bank = np.concatenate(others) if others else c["embed"]
            # at most 4,000 frames: as coarse as a shipped index
            keep = np.sort(rng.permutation(len(bank))[:4000])
            c["rich"] = total > 50 * RICH
            c["near"] = neighbours(c["ask"], np.ascontiguousarray(bank[keep]))
    np.savez(common.DATA / "embeds.npz",
             names=np.array([c["name"] for c in clips]), gains=np.array([c["gain"] for c in clips]),
             rich=np.array([c["rich"] for c in clips]),
             lengths=np.array([len(c["embed"]) for c in clips]),
             embed=np.concatenate([c["embed"] for c in clips]).astype(np.float16),
             near=np.concatenate([c["near"] for c in clips]).astype(np.float16),
             ask=np.concatenate([c["ask"] for c in clips]).astype(np.float16))
    print(f"{len(clips)} clips embedded, {sum(c['rich'] for c in clips)} of rich voices")


if __name__ == "__main__":
    main()
