"""Measures the pack on speakers that it never heard, streamed as the plugin streams.

Judges, all from PyPI and none used in training: resemblyzer (voice), moonshine-voice (words).
Pitch is SwiftF0's. Sources: LibriSpeech clips and Allison. At ratio r the pitch is moved by r
times the distance between the speakers' medians; `fixed` rows keep the source's own pitch.
"""
import argparse
import json

import faiss
import numpy as np
import soundfile

import common
from features import Pitch
from index import KEPT_BACK, clips_of
from scipy.signal import resample_poly
from stream import Chain
from targets import DEV_SPEAKERS

RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0)


def sources(count):
    """LibriSpeech clips and two pieces of Allison, at the level of speech."""
    clips = {f.stem.replace("librispeech_", ""): common.read_mono(f, common.RATE_IN)[:12 * 16000]
             for f in sorted((common.SHARED / "speech" / "librispeech").glob("*.wav"))}
    allison = common.read_mono(common.SHARED / "speech" / "en_allison_16k.flac", common.RATE_IN)
    picks = list(clips.items())[:max(1, count - 2)]
    picks += [("allison-a", allison[16000:12 * 16000]), ("allison-b", allison[75 * 16000:86 * 16000])]
    return {k: (v * 0.07 / np.sqrt(np.mean(v ** 2))).clip(-1, 1).astype(np.float32) for k, v in picks[:count]}


def words(text):
    return "".join(c if c.isalpha() or c == "'" else " " for c in text.lower()).split()


def word_errors(said, heard):
    """Edit distance in words."""
    row = np.arange(len(heard) + 1)
    for i, word in enumerate(said):
        new = np.empty_like(row)
        new[0] = i + 1
        for j, other in enumerate(heard):
            new[j + 1] = min(row[j] + (word != other), row[j + 1] + 1, new[j] + 1)
        row = new
    return int(row[-1])


class Judges:
    def __init__(self):
        import moonshine_voice
        import torch
        from moonshine_voice.transcriber import Transcriber
        from resemblyzer import VoiceEncoder
        torch.set_num_threads(1)
        folder = __import__("pathlib").Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
        self.ears = Transcriber(str(folder), moonshine_voice.ModelArch.TINY)
        self.voices = VoiceEncoder("cpu", verbose=False)
        self.pitch = Pitch()

    def text(self, audio):
        lines = self.ears.transcribe_without_streaming(audio.tolist(), common.RATE_IN).lines
        return words(" ".join(line.text for line in lines))

    def voice(self, audio):
        from resemblyzer import preprocess_wav
        return self.voices.embed_utterance(preprocess_wav(audio, source_sr=common.RATE_IN))


def melody(wanted, got):
    """Median error in cents where both are voiced, and how often voicing agrees."""
    n = min(len(wanted), len(got))
    best = (0.0, 1e9, 0)
    for lag in range(-2, 3):                       # SOLA may sit 10 ms off: not an error of pitch
        a = wanted[max(0, -lag):n - max(0, lag)]
        b = got[max(0, lag):n - max(0, -lag)]
        both = (a > 0) & (b > 0)
        if both.any():
            agree = np.mean((a > 0) == (b > 0))
            cents = np.median(np.abs(1200 * np.log2(b[both] / a[both])))
            if agree > best[0]:
                best = (agree, cents, lag)
    return best


def neighbours_agree(chain):
    """Same phone among 8 neighbours: unseen Kokoro speakers looked up in the targets' speech."""
    encoder, hits, first, total = chain.encoder, 0, 0, 0
    banks = {}
    for voice in common.TARGET_VOICES:
        rows, phones = [], []
        for file in clips_of(voice)[KEPT_BACK:]:
            box = np.load(common.DATA / "feats" / f"{file.stem}.npz")
            rows.append(encoder.run(None, {"source": box["low"][None, None].astype(np.float32) / 32768})[0][0])
            phones.append(box["phones"])
        index = faiss.IndexFlatL2(common.DIM)
        index.add(np.ascontiguousarray(np.concatenate(rows)[:5000]))
        banks[voice] = index, np.concatenate(phones)[:5000]
    for file in sorted((common.DATA / "feats").glob("*.npz")):
        if not (file.stem.startswith(DEV_SPEAKERS) and file.stem[-1].isdigit()):
            continue
        box = np.load(file)
        embed = encoder.run(None, {"source": box["low"][None, None].astype(np.float32) / 32768})[0][0]
        sure = box["phones"] > 0
        for index, phones in banks.values():
            _, ids = index.search(np.ascontiguousarray(embed[sure]), 8)
            same = phones[ids] == box["phones"][sure][:, None]
            hits, first, total = hits + same.any(1).sum(), first + same[:, 0].sum(), total + len(same)
    return hits / total, first / total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--json")
    parser.add_argument("--audio", help="folder for the converted clips")
    args = parser.parse_args()
    chain, judges = Chain(), Judges()
    table = {"neighbour_any8": 0.0, "neighbour_top1": 0.0}
    table["neighbour_any8"], table["neighbour_top1"] = map(float, neighbours_agree(chain))
    goals, medians = {}, {}
    for voice in common.TARGET_VOICES:
        kept = np.concatenate([common.read_mono(f, 16000) for f in clips_of(voice)[:KEPT_BACK]])
        goals[voice] = judges.voice(kept)
        f0 = judges.pitch(kept)
        medians[voice] = float(np.median(f0[f0 > 0]))
    rows, cosine = [], []
    for name, wave in sources(args.clips).items():
        heard = chain.listen(wave)
        whole = chain.encoder.run(None, {"source": wave[None, None]})[0][0]
        cosine.append(np.sum(whole * heard[0], 1) / np.linalg.norm(whole, axis=1) / np.linalg.norm(heard[0], axis=1))
        f0 = judges.pitch(wave)
        middle = float(np.median(f0[f0 > 0]))
        own, said = judges.voice(wave), judges.text(wave)
        for voice in common.TARGET_VOICES:
            shift = 12 * np.log2(medians[voice] / middle)
            for ratio, moved in [(r, r * shift) for r in RATIOS] + [(1.0, 0.0), (0.5, shift)]:
                if ratio == 0 and voice != common.TARGET_VOICES[0] and rows:
                    same = [r for r in rows if r["clip"] == name and r["ratio"] == 0][0]
                    rows.append({**same, "voice": voice, "to_target": float(same["_v"] @ goals[voice])})
                    continue
                audio = chain.convert(heard, voice, ratio, moved)
                low = resample_poly(audio, 2, 3).astype(np.float32)
                agree, cents, _ = melody(f0 * 2 ** (moved / 12), judges.pitch(low))
                vector = judges.voice(low)
                errors = word_errors(said, judges.text(low))
                rows.append({"clip": name, "voice": voice, "ratio": ratio,
                             "kind": "morph" if moved == ratio * shift else "fixed" if moved == 0 else "full",
                             "to_target": float(vector @ goals[voice]), "to_source": float(vector @ own),
                             "plain": float(own @ goals[voice]),
                             "errors": errors, "words": len(said), "cents": float(cents),
                             "voicing": float(agree), "_v": vector})
                if args.audio and name in list(sources(args.clips))[:2] + ["allison-a"]:
                    soundfile.write(f"{args.audio}/{name}_{voice}_{ratio:.2f}_{rows[-1]['kind']}.wav", audio, common.RATE_OUT)
    print("ratio kind   to target  to source  word err  cents  voicing")
    for kind, ratio in [("morph", r) for r in RATIOS] + [("fixed", 1.0), ("full", 0.5)]:
        for voice in (*common.TARGET_VOICES, None):
            some = [r for r in rows if r["ratio"] == ratio and r["kind"] == kind and voice in (r["voice"], None)]
            if not some:
                continue
            mean = {k: float(np.mean([r[k] for r in some])) for k in ("to_target", "to_source", "plain", "cents", "voicing")}
            mean["wer"] = sum(r["errors"] for r in some) / sum(r["words"] for r in some)
            table[f"{kind} {ratio:.2f} {voice or 'both'}"] = mean
            print(f"{ratio:5.2f} {kind:6s} {mean['to_target']:.3f} {mean['to_source']:.3f} "
                  f"{100 * mean['wer']:5.1f} % {mean['cents']:6.1f} {100 * mean['voicing']:.1f} % {voice or 'both'}")
    table["unconverted_to_target"] = float(np.mean([r["plain"] for r in rows]))
    table["streamed_cosine_mean"] = float(np.mean(np.concatenate(cosine)))
    table["streamed_cosine_5_percent"] = float(np.percentile(np.concatenate(cosine), 5))
    for what, spent in chain.spent.items():
        table[f"ms_{what}_median"] = 1000 * float(np.median(spent))
        table[f"ms_{what}_99"] = 1000 * float(np.percentile(spent, 99))
    zero = chain.listen(np.zeros(32000, np.float32))
    for ratio in (0.0, 1.0):
        out = chain.convert(zero, common.TARGET_VOICES[0], ratio)[4800:]
        table[f"silence_dbfs_{ratio:.0f}"] = float(20 * np.log10(np.sqrt(np.mean(out ** 2)) + 1e-9))
    print(json.dumps({k: v for k, v in table.items() if not isinstance(v, dict)}, indent=1))
    if args.json:
        for r in rows:
            r.pop("_v")
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"table": table, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
