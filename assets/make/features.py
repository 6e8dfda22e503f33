"""Reads all training speech once and stores what training needs: teacher, pitch, phones, audio.

Every clip is also stored resampled by 8-17 % up or down under another speaker name: pitch and
formants move together, which makes a new voice for the price of a resampling.
"""
import argparse
import json
import time

import numpy as np
import soundfile
from scipy.signal import resample_poly

import common
from pitch import Pitch


def phones_50(tokens, durations, frames, stretch, vocabulary):
    """One phone id for every 20 ms frame: 0 = pause, -1 = not sure."""
    names = {v: k for k, v in vocabulary.items()}
    symbols = [names.get(t, "$") for t in tokens.tolist()]
    label = []
    for i, s in enumerate(symbols):
        if s in "ˈˌ" and i + 1 < len(symbols):
            label.append(int(tokens[i + 1]))
        elif s == "ː":
            label.append(label[-1])
        elif s == " ":
            label.append(-1)
        else:
            label.append(0 if s in "$;:,.!?—…\"()“”" else int(tokens[i]))
    frame = np.repeat(label, durations)                   # 40 a second
    centre = (np.arange(frames) * 320 + 200) / 16000 / stretch
    return frame[np.clip((centre * 40).astype(int), 0, len(frame) - 1)].astype(np.int16)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=10 ** 9)
    args = parser.parse_args()
    teacher = common.session(common.SHARED / "models" / "vec-768-layer-12.whispertiny.onnx")
    pitch = Pitch(common.SHARED / "models" / "swift_f0_0.3.0.onnx")
    vocabulary = json.loads((common.DATA / "dl" / "vocab.json").read_text("utf-8"))["vocab"]
    out = common.DATA / "feats"
    out.mkdir(parents=True, exist_ok=True)
    files = sorted((common.DATA / "tts").glob("*.npz")) + sorted((common.DATA / "human").glob("*.flac"))
    rng = np.random.default_rng(common.SEED)
    start = time.time()
    for file in files[:args.limit]:
        speaker = file.stem.rsplit("_", 1)[0]
        down = rng.integers(0, 2)
        step = int(rng.integers(8, 18))
        for suffix, up in (("", 100), ("-" if down else "+", 100 - step if down else 100 + step)):
            target = out / f"{file.stem}{suffix}.npz"
            if target.exists():
                continue
            audio, rate = soundfile.read(file.with_suffix(".flac"), dtype="float32")
            if up != 100:
                audio = resample_poly(audio, up, 100)
            human = rate == common.RATE_IN
            low = audio if human else resample_poly(audio, 2, 3)
            full = resample_poly(audio, 3, 2) if human else audio
            # one level for all voices, as a person would set the input gain
            gain = 0.07 / (np.sqrt(np.mean(low ** 2)) + 1e-9)
            gain = min(gain, 0.98 / (np.abs(full).max() + 1e-9))
            low, full = (low * gain).astype(np.float32), (full * gain).astype(np.float32)
            seen = teacher.run(None, {"source": low[None, None]})[0][0]
            frames = min(len(seen), common.frames_50(len(low)))
            phones = np.full(frames, -1, np.int16)
            if not human:
                d = np.load(file)
                phones = phones_50(d["tokens"], d["durations"], frames, up / 100, vocabulary)
            np.savez(target, teacher=seen[:frames].astype(np.float16), f0=pitch(low), phones=phones,
                     low=np.rint(np.clip(low, -1, 1) * 32767).astype(np.int16),
                     full=np.rint(np.clip(full, -1, 1) * 32767).astype(np.int16),
                     human=human, speaker=speaker + suffix)
    print(f"{len(files)} files in {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
