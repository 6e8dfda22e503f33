"""Embeds all prepared speech with the exported encoder: what the synthesizer learns from.

Resampled copies get a random level (the audio with them), so that quiet and loud input are both
known. For every clip the blend of its nearest neighbours among the *other* clips of the same
speaker is stored too: that is what a ratio of 1 will feed the synthesizer. The question is put by
a spoiled copy of the clip (other formants, noise, level), so that the answers are as uncertain as
they are for a stranger's voice.
"""
import argparse

import faiss
import numpy as np
import torch

import common
import dataset

RICH = 60                 # seconds of other speech that make a voice worth retrieving from


def neighbours(query, bank, k=8):
    """RVC's blend: weights 1/d^4 over the k nearest, with an exact hit taken as it is."""
    index = faiss.IndexFlatL2(bank.shape[1])
    index.add(bank)
    score, ids = index.search(query, k)
    weight = (1 / np.maximum(score, 1e-9)) ** 2
    weight /= weight.sum(1, keepdims=True)
    return (bank[ids] * weight[..., None]).sum(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", default=str(common.PACK / "encoder.onnx"))
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    torch.set_num_threads(1)
    torch.manual_seed(common.SEED)
    run = common.session(args.encoder)
    clips = dataset.load(("low", "human"))
    rng = np.random.default_rng(common.SEED)
    for c in clips:
        copy = c["speaker"][-1] in "+-"
        c["gain"] = np.float32(10 ** (rng.uniform(-26, 5) / 20)) if copy else np.float32(1)
        low = np.clip(c["low"].astype(np.float32) / 32768 * c["gain"], -1, 1)
        c["embed"] = run.run(None, {"source": low[None, None]})[0][0]
        other = dataset.spoil(torch.tensor(low)[None]).numpy()
        c["ask"] = run.run(None, {"source": other[None]})[0][0]
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
             near=np.concatenate([c["near"] for c in clips]).astype(np.float16))
    print(f"{len(clips)} clips embedded, {sum(c['rich'] for c in clips)} of rich voices")


if __name__ == "__main__":
    main()
