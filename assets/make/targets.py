"""Turns teacher features into what the student learns: a phonetic projection and discrete units.

The raw teacher space is ruled by what whisper needs, and speakers differ in it. Whitening by the
scatter within phones (known for the synthetic speech) and keeping the directions in which phones
differ gives a space where the nearest frame of another speaker is the same sound. HuBERT's
discrete units are k-means clusters of that space.
"""
import faiss
import numpy as np

import common
import dataset

UNITS = 256
KEEP = 128               # dimensions of the projected teacher
SHRINK = 0.4


def projection(features, phones):
    """Shrunk within-phone whitening, then principal axes weighted by how far phones differ."""
    mean = features.mean(0)
    within = np.zeros((features.shape[1],) * 2)
    used = 0
    for phone in np.unique(phones[phones >= 0]):
        rows = features[phones == phone]
        if len(rows) >= 60:
            rows = rows - rows.mean(0)
            within += rows.T @ rows
            used += len(rows)
    within /= used
    within += SHRINK * np.trace(within) / len(within) * np.eye(len(within))
    values, axes = np.linalg.eigh(within)
    white = axes / np.sqrt(values)
    total, turn = np.linalg.eigh(np.cov(((features - mean) @ white).T))
    total, turn = total[::-1][:KEEP], turn[:, ::-1][:, :KEEP]
    floor = total[-1] * 0.9
    matrix = white @ turn * np.sqrt(np.maximum(1 - floor / total, 0.03))
    scale = np.sqrt(((features - mean) @ matrix).var(0).sum())
    return mean.astype(np.float32), (matrix / scale).astype(np.float32)


def main():
    clips = dataset.load(("teacher", "phones", "low", "human"))
    train = [c for c in clips if not c["speaker"].startswith(common.DEV_SPEAKERS)]
    spoken = [c for c in train if not c["human"]]
    mean, matrix = projection(np.concatenate([c["teacher"] for c in spoken]).astype(np.float32),
                              np.concatenate([c["phones"] for c in spoken]))
    projected = np.concatenate([(c["teacher"].astype(np.float32) - mean) @ matrix for c in train])
    rng = np.random.default_rng(common.SEED)
    sample = np.ascontiguousarray(projected[rng.permutation(len(projected))[:60000]])
    means = faiss.Kmeans(KEEP, UNITS, niter=15, seed=1)
    means.train(sample)

    # envelope statistics
    import torch
    from envelope import Envelope
    torch.set_num_threads(1)
    envelope = Envelope()
    raw = []
    with torch.no_grad():
        for c in train[::2]:
            wave = torch.tensor(c["low"]).float()[None, None] / 32768
            raw.append(envelope(wave)[0].numpy())
    raw = np.concatenate(raw)
    raw_mean, raw_std = raw.mean(0), np.full(raw.shape[1], raw.std(), np.float32)
    np.savez(common.DATA / "targets.npz", mean=mean, matrix=matrix, centroids=means.centroids,
             raw_mean=raw_mean.astype(np.float32), raw_std=raw_std)
    print(f"{len(train)} clips, {len(projected)} frames, k-means objective {means.obj[-1]:.0f}")


if __name__ == "__main__":
    main()
