"""Measures the pack on speakers that it never heard, through the product's own engine.

Every clip is converted by `voxmeld-cli`, which streams it in the default hop as a host would. The
judges took no part in training: Resemblyzer (voice) and moonshine-voice (words); pitch is SwiftF0's.
At ratio r the pitch moves by r times the distance between the speakers' medians.

Words are counted twice: against what is said (`said.json`), of which the source's own errors by the
same recogniser are taken off; and against what the recogniser writes for the source. The second holds
the recogniser's own wavering as well: noise of -60 dBFS on the source shows how much that is.

Called by `cargo xtask pack eval`, which installs the judges and builds the command line. Sources:
the project's own clip of Allison, and with `--shared` the LibriSpeech clips and two more of Allison.
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

import common
from judges import Judges, melody, word_errors, words

RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0)
RATE_HOST = 48000


def sources(shared, count):
    """Clips of strangers at the level of speech, 16 kHz."""
    clips = {"allison": common.read_mono(common.SPEECH / "allison_en.flac", common.RATE_IN)[:12 * 16000]}
    if shared:
        folder = Path(shared) / "data" / "speech"
        for file in sorted((folder / "librispeech").glob("*.wav")):
            clips[file.stem.replace("librispeech_", "")] = common.read_mono(file, common.RATE_IN)[:12 * 16000]
        allison = common.read_mono(folder / "en_allison_16k.flac", common.RATE_IN)
        clips |= {"allison-a": allison[16000:12 * 16000], "allison-b": allison[75 * 16000:86 * 16000]}
    clips = {k: (v * 0.07 / np.sqrt(np.mean(v ** 2))).clip(-1, 1).astype(np.float32) for k, v in clips.items()}
    return dict(list(clips.items())[:count])


class Product:
    """The command line over a bundle's data folder."""

    def __init__(self, cli, data, folder):
        self.cli, self.data, self.folder = cli, data, Path(folder)

    def convert(self, wave, name, voice, ratio, semitones):
        """16 kHz in, 16 kHz out, as long and in time."""
        source = self.folder / f"{name}.wav"
        if not source.exists():
            soundfile.write(source, resample_poly(wave, 3, 1), RATE_HOST, subtype="FLOAT")
        target = self.folder / f"{name}_{voice}_{ratio:.2f}.wav"
        subprocess.run([self.cli, "convert", source, "-o", target, "--data", self.data, "--target", voice,
                        "--ratio", f"{ratio}", "--pitch-shift", f"{semitones:.4f}"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        audio, _ = soundfile.read(target, dtype="float32")
        return resample_poly(audio, 1, 3).astype(np.float32)


def measure_clips(product, judges, clips, goals):
    """One row per clip, target and ratio."""
    rows, truth = [], json.loads((common.MAKE / "said.json").read_text("utf-8"))
    for name, wave in clips.items():
        f0, own, said, heard = judges.pitch(wave), judges.voice(wave), words(truth[name]), judges.text(wave)
        faint = np.random.default_rng(common.SEED).normal(0, 1e-3, len(wave)).astype(np.float32)
        own_errors, wavering = word_errors(said, heard), word_errors(heard, judges.text(wave + faint))
        middle = float(np.median(f0[f0 > 0]))
        for voice, goal in goals.items():
            shift = 12 * np.log2(goal["median_f0_hz"] / middle)
            for ratio in RATIOS:
                out = product.convert(wave, name, voice, ratio, ratio * shift)
                agree, cents = melody(f0 * 2 ** (ratio * shift / 12), judges.pitch(out))
                vector, text = judges.voice(out), judges.text(out)
                rows.append({"clip": name, "voice": voice, "ratio": ratio,
                             "to_target": float(vector @ np.array(goal["resemblyzer"])),
                             "to_source": float(vector @ own),
                             "words": len(said), "errors": word_errors(said, text), "own_errors": own_errors,
                             "heard": len(heard), "differ": word_errors(heard, text), "wavering": wavering,
                             "cents": float(cents), "voicing": float(agree)})
        print(f"  {name}: {len(said)} words, {len(goals) * len(RATIOS)} conversions", flush=True)
    return rows


def summary(rows):
    """Means over the rows of one ratio."""
    mean = {k: float(np.mean([r[k] for r in rows])) for k in ("to_target", "to_source", "cents", "voicing")}
    total = {k: sum(r[k] for r in rows)
             for k in ("words", "errors", "own_errors", "heard", "differ", "wavering")}
    mean |= {"word_error": total["errors"] / total["words"], "own_word_error": total["own_errors"] / total["words"],
             "words_differ": total["differ"] / total["heard"], "wavering": total["wavering"] / total["heard"]}
    mean["word_error_added"] = mean["word_error"] - mean["own_word_error"]
    return mean


def streamed_cosine(pack, clips):
    """How well a stream's frames agree with the whole file's: a frame a hop, as the product hears it."""
    ahead = json.loads((pack / "pack.json").read_text("utf-8"))["encoder"]["lookahead_frames"]
    encoder, found = common.session(pack / "encoder.onnx"), []
    for wave in list(clips.values())[:3]:
        wave = wave[:6 * 16000]
        whole, past = encoder.run(None, {"source": wave[None, None]})[0][0], {}
        for i in range(len(whole) - ahead):
            heard = wave[i * common.HOP_IN:(i + ahead) * common.HOP_IN + common.FIELD]
            part, *present = encoder.run(None, {"source": heard[None, None], **past})
            past = dict(zip(("past", "past_voice"), present))
            part = part[0, 0]
            found.append(part @ whole[i] / np.linalg.norm(part) / np.linalg.norm(whole[i]))
    return float(np.mean(found)), float(np.percentile(found, 5))


def neighbours_agree(pack):
    """Same phone among 8 neighbours: unseen Kokoro speakers looked up in the targets' speech."""
    from index import KEPT_BACK, clips_of
    encoder, hits, first, total, banks = common.session(pack / "encoder.onnx"), 0, 0, 0, []

    def read(stem):
        box = np.load(common.DATA / "feats" / f"{stem}.npz")
        wave = box["low"][None, None].astype(np.float32) / 32768
        return encoder.run(None, {"source": wave})[0][0][:len(box["phones"])], box["phones"]

    for voice in common.TARGET_VOICES:
        embeds, phones = zip(*(read(file.stem) for file in clips_of(voice)[KEPT_BACK:]))
        bank = np.concatenate(embeds)
        banks.append((bank, (bank ** 2).sum(1), np.concatenate(phones)))
    for file in sorted((common.DATA / "feats").glob("*.npz")):
        if file.stem.startswith(common.DEV_SPEAKERS) and file.stem[-1].isdigit():
            embed, phones = read(file.stem)
            sure = phones > 0
            for bank, squares, known in banks:
                far = squares - 2 * embed[sure] @ bank.T
                near = np.argpartition(far, 8, axis=1)[:, :8]
                near = np.take_along_axis(near, np.take_along_axis(far, near, 1).argsort(1), 1)
                same = known[near] == phones[sure][:, None]
                hits, first, total = hits + same.any(1).sum(), first + same[:, 0].sum(), total + len(same)
    return float(hits / total), float(first / total)


def verdicts(table):
    """(measure, what must hold, what was found, whether it holds)."""
    by = {r: table["ratios"][f"{r:.2f}"] for r in RATIOS}
    rising = [by[r]["to_target"] for r in RATIOS]
    voices = {v: one["1.00"]["to_target"] for v, one in table["voices"].items()}
    rows = [("likeness to the target", "rises at every step", " ".join(f"{x:.3f}" for x in rising),
             all(a < b for a, b in zip(rising, rising[1:])))]
    rows += [(f"likeness to {v} at 1", ">= 0.80", f"{x:.3f}", x >= 0.80) for v, x in voices.items()]
    gap = by[1.0]["to_target"] - by[1.0]["to_source"]
    rows += [("target less source at 1", ">= 0.15", f"{gap:.3f}", gap >= 0.15),
             ("source less target at 0", "> 0", f"{by[0.0]['to_source'] - by[0.0]['to_target']:.3f}",
              by[0.0]["to_source"] > by[0.0]["to_target"])]
    rows += [(f"word error at {r}, more than the source's", f"<= {100 * most:.0f} points",
              f"{100 * by[r]['word_error_added']:.1f}", by[r]["word_error_added"] <= most)
             for r, most in ((0.0, 0.08), (0.75, 0.15))]
    rows += [("pitch error, worst ratio", "<= 30 cents", f"{max(x['cents'] for x in by.values()):.1f}",
              max(x["cents"] for x in by.values()) <= 30),
             ("voicing agrees, worst ratio", ">= 92 %", f"{100 * min(x['voicing'] for x in by.values()):.1f} %",
              min(x["voicing"] for x in by.values()) >= 0.92)]
    extra = [("neighbour_any8", "same phone among 8 neighbours", ">= 75 %", 100, 75, True),
             ("streamed_cosine", "streamed to whole-file embedding", ">= 0.9", 1, 0.9, True),
             ("silence_dbfs", "silence, worst of ratio 0 and 1 (dBFS)", "<= -60", 1, -60, False),
             ("cpu_rtf", "real-time factor, one core", "<= 0.30", 1, 0.30, False),
             ("latency_ms", "latency, blocks of 480 at 48 kHz (ms)", "<= 80", 1, 80, False)]
    for key, what, must, scale, limit, above in extra:
        if key in table:
            found = table[key] * scale
            rows.append((what, must, f"{found:.3f}", found >= limit if above else found <= limit))
    return rows


def show(table):
    first = next(iter(table["ratios"].values()))
    print(f"\nword error: the source's own {100 * first['own_word_error']:.1f} %; differing from its transcript: "
          f"{100 * first['wavering']:.1f} % with noise of -60 dBFS on it")
    print("ratio  to target  to source  word error   added  differing  pitch (cents)  voicing")
    for ratio, one in table["ratios"].items():
        print(f"{ratio:>5}  {one['to_target']:9.3f}  {one['to_source']:9.3f}  {100 * one['word_error']:8.1f} %"
              f"  {100 * one['word_error_added']:6.1f}  {100 * one['words_differ']:7.1f} %"
              f"  {one['cents']:13.1f}  {100 * one['voicing']:5.1f} %")
    print()
    for what, must, found, holds in verdicts(table):
        print(f"  {'ok  ' if holds else 'MISS'}  {what:40s} {must:>20s}   {found}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cli", required=True)
    parser.add_argument("--data", required=True, help="the bundle's data folder")
    parser.add_argument("--shared", help="folder with LibriSpeech clips and more of Allison")
    parser.add_argument("--bench", help="bench.json, for the real-time factor and the latency")
    parser.add_argument("--clips", type=int, default=99)
    parser.add_argument("--json")
    parser.add_argument("--audio", help="keeps the converted clips here")
    args = parser.parse_args()
    pack = Path(args.data) / "packs" / "default"
    goals = json.loads((common.MAKE / "goals.json").read_text("utf-8"))
    clips, judges = sources(args.shared, args.clips), Judges(pack)
    table = {}
    table["streamed_cosine"], table["streamed_cosine_5_percent"] = streamed_cosine(pack, clips)
    if (common.DATA / "feats").exists():
        table["neighbour_any8"], table["neighbour_top1"] = neighbours_agree(pack)
    else:
        print("neighbours: left out, they need the training speech (VOXMELD_PACKDATA)")
    with tempfile.TemporaryDirectory() as scratch:
        if args.audio:
            Path(args.audio).mkdir(parents=True, exist_ok=True)
        product = Product(args.cli, args.data, args.audio or scratch)
        rows = measure_clips(product, judges, clips, goals)
        zero = np.zeros(3 * common.RATE_IN, np.float32)
        level = max(np.sqrt(np.mean(product.convert(zero, "silence", next(iter(goals)), r, 0.0) ** 2))
                    for r in (0.0, 1.0))
    at = {f"{r:.2f}": [x for x in rows if x["ratio"] == r] for r in RATIOS}
    table |= {"clips": list(clips), "words": sum(r["words"] for r in at["0.00"]) // len(goals),
              "ratios": {r: summary(some) for r, some in at.items()},
              "voices": {v: {r: summary([x for x in some if x["voice"] == v]) for r, some in at.items()}
                         for v in goals},
              "silence_dbfs": float(20 * np.log10(level + 1e-9))}
    if args.bench:
        bench = json.loads(Path(args.bench).read_text("utf-8"))
        run = next(r for r in bench["runs"] if r["hop_ms"] == 20)
        table |= {"cpu_rtf": run["cpu_rtf"], "latency_ms": run["latency_ms"]}
    show(table)
    if args.json:
        Path(args.json).write_text(json.dumps({"table": table, "rows": rows}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
