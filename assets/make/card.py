"""Writes MODEL_CARD.md from the measured table, the manifest and the text below."""
import json
import sys

import common
from evaluate import verdicts

HEAD = """# Voxmeld default pack: model card

A voice pack for live use on one CPU core. At ratio 0 the synthesizer reconstructs the speaker's own
voice from the live embeddings; towards 1 the embeddings of the chosen target replace them, and with
them the voice, while most of the words stay the speaker's. The neighbours of a frame often come from other words, so only a
quarter of the ratio applies to the content columns (`content` in `pack.json`). In the detail columns the slow part follows: the
difference between retrieved and live embedding is averaged over five frames (100 ms), and of the rest 30 % times the
cube of the ratio follows (`detail`). Nothing in the pack is tied to the two voices shipped: any index
built with this encoder from recordings of a voice gives another target.

## Models
| file | what | licence |
| --- | --- | --- |
| `encoder.onnx` | HuBERT (transformers' `HubertModel`: 3 conv layers with the 400/320 field and stride, 4 transformer layers of 256, 3.1 M weights) with a linear head, beside a fixed envelope branch and a small timbre net. `source` [1,1,N] 16 kHz -> `embed` [1,T,160]; the optional `past`, `past_voice` and `present`, `present_voice` carry its state from call to call | MIT OR Apache-2.0 |
| `synthesizer.onnx` | RVC interface with `skip_head` and `return_length`, 24 kHz, 240 samples a frame. Pulse train and noise through minimum-phase filters predicted by a causal net of 32 frames' reach. No noise of its own: all of it comes from `rnd`. The optional `past` and `present` carry its state from call to call, so that nothing has to be joined | MIT OR Apache-2.0 |
| `swift_f0.onnx` | SwiftF0 0.3.0, unchanged | MIT |
| `af_heart.index`, `am_michael.index` | faiss `IVF16,Flat`, L2, n_probe 1: four minutes each of two Kokoro voices, by `voxmeld-cli index build`; their recordings are listed in `*.index.json` | MIT OR Apache-2.0 (speech: Kokoro-82M, Apache-2.0) |

The embedding: columns 0-111 content (total variance 1: they dominate the distance), 112-135 detail: the part of the
frame's spectral envelope that the content does not predict (total variance 0.06), 136-159 voice: the average timbre over
the last 0.64 s (length 0.35). The encoder looks one frame (20 ms) ahead (`lookahead_frames`); the
very last frame of a call is a guess. With its state carried from call to call, a stream equals one
call on the whole recording (differences below 1e-6).
The inputs `pitch`, `phone_lengths` and `ds` of the synthesizer are accepted and not used.

## Training
On CPU cores shared with other builds (no accelerator), in rounds of one hour, two hours and, for the
synthesizer alone, two more of one hour each: see `assets/make/README.md` for the steps and `assets/make/training_log.jsonl` for the losses.
Speech: Kokoro-82M in 54 voices (about 45 minutes), Carlo (Italian) and IvrvoiceRU (Russian),
9 minutes each, CC-BY-3.0; every clip also resampled by 8-17 % as a further voice. Teacher: a
feature extractor made from Whisper tiny.en (MIT). No LibriSpeech, no Allison, no share-alike
recording was used. The evaluation models (Resemblyzer, Moonshine) took no part in training.
"""

TAIL = """
Every clip went through `voxmeld-cli`: the product's engine, hop 20 ms, n_probe 1, 48 kHz. Word error
counts against what is said (`assets/make/said.json`), and the same recogniser gets {own:.1f} % of that wrong in the
clips themselves. What it writes for the clips is a poor reference: {wavering:.1f} % of it changes when noise of
-60 dBFS is added to them; the column is kept because earlier tables had no other. (The recogniser is started anew for each
clip, with half a second of silence around it; numbers are left out.) The pitch shift grows with the ratio (ratio x
the distance between the speakers' medians).
The real-time factor is processor time of the whole process, including the wait of the render for the worker:
the median of seven calls of the bench (0.25 to 0.28; compute of the hops alone, 0.23 to 0.25) on a shared
virtual machine whose speed varies: single passes of 14 s took 0.26 to 0.37.
Voicing and pitch of the output are compared with those tracked on the whole input. Neighbours: three Kokoro
voices that the encoder never heard, looked up in the targets' speech, phones by Kokoro's durations.
"""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        table = json.load(file)["table"]
    clips = ", ".join(table["clips"])
    lines = [HEAD, "## Measured", f"Speakers that the pack never heard, {table['words']} words: {clips}.", "",
             "| ratio | to the target | to the source | word error | more than the source's | "
             "differs from the source's transcript | pitch error (cents) | voicing agrees |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for ratio, row in table["ratios"].items():
        lines.append(f"| {ratio} | {row['to_target']:.3f} | {row['to_source']:.3f} | "
                     f"{100 * row['word_error']:.1f} % | {100 * row['word_error_added']:.1f} | "
                     f"{100 * row['words_differ']:.1f} % | {row['cents']:.1f} | {100 * row['voicing']:.1f} % |")
    lines += ["", "| measure | must | found | |", "| --- | --- | --- | --- |"]
    for what, must, found, holds in verdicts(table):
        lines.append(f"| {what} | {must} | {found} | {'' if holds else 'falls short'} |")
    first = table["ratios"]["0.00"]
    tail = TAIL.format(own=100 * first["own_word_error"], wavering=100 * first["wavering"])
    lines += [tail, "## Files", "| file | bytes | sha256 |", "| --- | --- | --- |"]
    manifest = json.loads((common.PACK / "pack.json").read_text("utf-8"))
    for part in (manifest["encoder"], manifest["synthesizer"], manifest["pitch"], *manifest["indices"]):
        lines.append(f"| `{part['file']}` | {(common.PACK / part['file']).stat().st_size} | `{part['sha256']}` |")
    lines += ["", "![Allison, unseen: input, ratio 0, 0.5 and 1 towards am_michael](spectrograms.png)"]
    (common.PACK / "MODEL_CARD.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
