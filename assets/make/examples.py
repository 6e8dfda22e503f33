"""Makes the sound examples of the README with the built plugin: assets/audio/*.flac and its manifest.

    cargo xtask setup && cargo xtask bundle
    target/venv/bin/python assets/make/examples.py [target/bundle/voxmeld.vst3 [assets/audio]]

The VST3 is played in pedalboard (PyPI, in xtask/requirements-test.txt), at 48 kHz in blocks of 480, with all
parameters at their defaults except the ratio, the pitch shift and the morph weight of the target. As in
`cargo xtask pack eval`, the pitch shift grows with the ratio: ratio x distance between the median pitches of speaker and target.
Renders are reproducible: the same plugin gives the same files, but for the encoder of the FLAC library.
"""
import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import pedalboard
from pedalboard.io import AudioFile

ROOT = Path(__file__).resolve().parents[2]
RATE, BLOCK = 48_000, 480
# "dial five to allow this caller to come straight through to you in the future", in seconds of the clip.
FIRST, LAST = 6.6, 11.45
TARGETS = {"heart": ("af_heart", 1), "michael": ("am_michael", 2)}
ORIGIN = ("Allison Smith (theivrvoice.com), Asterisk core sounds, an excerpt of ../speech/allison_en.flac")


def speech():
    """The excerpt at its own rate and at 48 kHz, with fades of 20 ms."""
    with AudioFile(str(ROOT / "assets/speech/allison_en.flac")) as file:
        rate = file.samplerate
        file.seek(int(FIRST * rate))
        clip = file.read(int((LAST - FIRST) * rate))[0]
    fade = np.linspace(0, 1, rate // 50, dtype=np.float32)
    clip[: len(fade)] *= fade
    clip[-len(fade) :] *= fade[::-1]
    resampler = pedalboard.io.StreamResampler(rate, RATE, 1)
    return clip, rate, np.concatenate([resampler.process(clip[None]), resampler.process()], axis=1)[0]


def median_f0(sound, rate):
    """Median pitch in Hz by autocorrelation over 40 ms frames, of frames that are clearly voiced."""
    size, found = rate // 25, []
    low, high = rate // 400, rate // 75
    for start in range(0, len(sound) - size - high, rate // 100):
        frame = sound[start : start + size + high]
        energy = float(np.dot(frame[:size], frame[:size]))
        if energy < size * 1e-4:
            continue
        scores = [
            np.dot(frame[:size], frame[lag : lag + size])
            / math.sqrt(energy * float(np.dot(frame[lag : lag + size], frame[lag : lag + size])) + 1e-9)
            for lag in range(low, high)
        ]
        best = int(np.argmax(scores))
        if scores[best] > 0.8:
            found.append(rate / (low + best))
    return float(np.median(found))


def convert(plugin, sound, target, ratio_at, octaves):
    """Plays the sound; `ratio_at` gives the ratio (0 to 1) at a share (0 to 1) of it."""
    voice = pedalboard.load_plugin(str(plugin))
    for weight in range(1, 9):
        setattr(voice, f"morph_weight_{weight}", 100.0 if weight == target else 0.0)
    voice.blend_ratio, voice.pitch_shift_st = 100.0 * ratio_at(0.0), 12.0 * octaves * ratio_at(0.0)
    # A block of silence first: pedalboard follows the first block after a reset by as much silence as the latency.
    voice.process(np.zeros((2, BLOCK), np.float32), RATE, buffer_size=BLOCK, reset=True)
    latency = voice.reported_latency_samples
    padded = np.concatenate([sound, np.zeros(latency + BLOCK, np.float32)])
    out = []
    for start in range(0, len(padded), BLOCK):
        ratio = ratio_at(min(start / len(sound), 1.0))
        voice.blend_ratio = 100.0 * ratio
        voice.pitch_shift_st = 12.0 * octaves * ratio
        block = np.stack([padded[start : start + BLOCK]] * 2)
        out.append(voice.process(block, RATE, buffer_size=BLOCK, reset=False))
    return np.concatenate(out, axis=1)[0][latency : latency + len(sound)]


def write(folder, name, sound, rate, what, files):
    path = folder / name
    with AudioFile(str(path), "w", samplerate=rate, num_channels=1, bit_depth=16) as file:
        file.write(np.asarray(sound, np.float32)[None])
    peak = 20 * math.log10(float(np.abs(sound).max()) + 1e-9)
    print(f"{name:20} {len(sound) / rate:.2f} s  peak {peak:5.1f} dBFS  {path.stat().st_size} bytes")
    files.append(
        {
            "file": name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "licence": "CC-BY-SA-3.0",
            "origin": f"{ORIGIN}; {what}",
        }
    )


def main():
    arguments = [Path(argument).absolute() for argument in sys.argv[1:]]
    plugin, folder = (arguments + [ROOT / "target/bundle/voxmeld.vst3", ROOT / "assets/audio"][len(arguments) :])[:2]
    folder.mkdir(parents=True, exist_ok=True)
    clip, rate, sound = speech()
    f0 = median_f0(clip, rate)
    goals = json.loads((ROOT / "assets/make/goals.json").read_text("utf-8"))
    print(f"speaker's median pitch {f0:.0f} Hz")
    files = []
    write(folder, "input.flac", clip, rate, "unprocessed", files)
    # At ratio 0 nothing of a target is heard: one file for both.
    out = convert(plugin, sound, 1, lambda _: 0.0, 0.0)
    assert np.array_equal(out, convert(plugin, sound, 2, lambda _: 0.0, 0.0)), "ratio 0 depends on the target"
    write(folder, "ratio_000.flac", out, RATE, "at ratio 0", files)
    for name, (label, target) in TARGETS.items():
        octaves = math.log2(goals[label]["median_f0_hz"] / f0)
        for ratio in (0.5, 1.0):
            out = convert(plugin, sound, target, lambda _, ratio=ratio: ratio, octaves)
            what = f"converted to {label} at ratio {ratio:g}, pitch shift {12 * octaves * ratio:.1f} semitones"
            write(folder, f"{name}_{round(100 * ratio):03}.flac", out, RATE, what, files)
    octaves = math.log2(goals["am_michael"]["median_f0_hz"] / f0)
    out = convert(plugin, sound, 2, lambda share: 1.0 - abs(2.0 * share - 1.0), octaves)
    what = "converted to am_michael, ratio drawn from 0 to 1 and back to 0, pitch shift with it"
    write(folder, "michael_sweep.flac", out, RATE, what, files)
    (folder / "manifest.json").write_text(json.dumps({"files": files}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
