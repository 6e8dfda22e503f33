"""Tracks the pitch of all embedded clips as the product does, frame by frame: f0s.npz.

What a stream hears of a frame is five frames before it, one after it and their mirror image, so
voicing differs from that of a whole recording in four frames of a hundred. The synthesizer shall
know both. Takes a quarter of an hour of one core.
"""
import numpy as np

import common
from pitch import SWIFT_HOP

BEFORE, AFTER = 5, 1        # frames of 20 ms
TAIL = 80                   # samples that a frame reaches beyond its step
MIRROR = 1024               # samples behind the newest one, played backwards
LIMITS = {"fmin": np.array(50, np.float32), "fmax": np.array(1100, np.float32)}
SURE = 0.45


def windows(wave):
    """[frames, samples]: what the tracker is shown for each frame."""
    front = (BEFORE + 2) * common.HOP_IN
    wave = np.concatenate([np.zeros(front, np.float32), wave, np.zeros(800, np.float32)])
    length = (BEFORE + 1 + AFTER) * common.HOP_IN + TAIL
    count = common.frames_50(len(wave) - front - 800)
    ends = front + (np.arange(count) + 1 + AFTER) * common.HOP_IN + TAIL
    shown = np.stack([wave[end - length:end] for end in ends])
    return np.concatenate([shown, shown[:, ::-1][:, 1:1 + MIRROR]], 1)


def streamed(net, wave):
    """Hz at 100 frames/s, 0 = unvoiced."""
    shown = windows(wave)
    answers = [net.run(None, {"audio": one[None], **LIMITS}) for one in shown]
    hz = np.concatenate([answer[0] for answer in answers])
    sure = np.concatenate([answer[1] for answer in answers]) >= SURE
    for n in range(hz.shape[1]):
        piece = shown[:, max(0, n * SWIFT_HOP - 128):n * SWIFT_HOP + 128]
        if piece.shape[1]:
            sure[:, n] &= np.abs(piece).max(1) >= 1e-3
    hz = np.where(sure & (hz > 0), hz, 0)
    track = np.zeros(2 * len(shown), np.float32)
    for half in (0, 1):
        at = (2 * BEFORE + half) * 160 + 80
        left = at // SWIFT_HOP
        a, b = hz[:, left], hz[:, min(left + 1, hz.shape[1] - 1)]
        part = at % SWIFT_HOP / SWIFT_HOP
        value = np.where(part < 0.5, a, b)
        both = (a > 0) & (b > 0)
        value[both] = a[both] * (b[both] / a[both]) ** part
        track[half::2] = value
    return track


def main():
    net = common.session(common.PACK / "swift_f0.onnx")
    box, tracks = np.load(common.DATA / "embeds.npz"), {}
    for name, gain in zip(box["names"].tolist(), box["gains"]):
        with np.load(common.DATA / "feats" / f"{name}.npz") as clip:
            wave = np.clip(clip["low"].astype(np.float32) / 32768 * gain, -1, 1)
        tracks[name] = streamed(net, wave)
    np.savez(common.DATA / "f0s.npz", **tracks)
    print(f"{len(tracks)} clips tracked")


if __name__ == "__main__":
    main()
