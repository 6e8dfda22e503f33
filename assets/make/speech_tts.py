"""Makes the training speech: Kokoro text to speech, many voices, with a phone for every frame.

Round after round each voice reads the next sentences, so the run can be stopped at any time and
what is there is balanced. The two target voices read more, since their indices are cut from it.
"""
import argparse
import json
import re
import time

import numpy as np
import onnx
import soundfile

import common

WORDS = re.compile(r"[A-Za-z,;:'\- ]+[.?!]")


def sentences(folder, count, rng):
    """Plain sentences of 50-110 letters from American state of the union speeches since 1950."""
    found = []
    for file in sorted(folder.glob("*.txt")):
        if int(file.name[:4]) < 1950:
            continue
        text = re.sub(r"\s+", " ", file.read_text(encoding="utf-8", errors="ignore"))
        for s in re.split(r"(?<=[.?!]) ", text):
            if 50 <= len(s) <= 110 and WORDS.fullmatch(s) and not s.isupper():
                found.append(s)
    order = rng.permutation(len(found))[:count]
    return [found[i] for i in order]


def open_kokoro(model_file):
    """Kokoro with the predicted durations (in 600-sample frames) as a second output."""
    model = onnx.load(model_file)
    model.graph.output.append(onnx.ValueInfoProto(name="/encoder/Clip_output_0"))
    changed = model_file.with_suffix(".durations.onnx")
    onnx.save(model, changed)
    return common.session(changed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--extra", type=int, default=3, help="more sentences a round for the targets")
    parser.add_argument("--first", type=int, default=0, help="number of the first sentence")
    args = parser.parse_args()

    import espeakng_loader
    from phonemizer.backend import EspeakBackend
    from phonemizer.backend.espeak.wrapper import EspeakWrapper
    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())

    source = common.DATA / "dl"
    vocabulary = json.loads((source / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    voices = {f.stem: np.fromfile(f, np.float32).reshape(510, 256)
              for f in sorted((source / "voices").glob("*.bin"))}
    kokoro = open_kokoro(source / "kokoro.onnx")
    out = common.DATA / "tts"
    out.mkdir(parents=True, exist_ok=True)

    rng = np.random.default_rng(common.SEED)
    texts = sentences(source / "sotu", 6000, rng)
    speakers = {"a": EspeakBackend("en-us", preserve_punctuation=True, with_stress=True),
                "b": EspeakBackend("en-gb", preserve_punctuation=True, with_stress=True)}
    cursor, made, start = args.first, 0.0, time.time()
    for turn in range(args.rounds):
        for voice, styles in voices.items():
            for _ in range(1 + args.extra * (voice in common.TARGET_VOICES)):
                text = texts[cursor % len(texts)]
                speed = float(rng.uniform(0.9, 1.15))
                name = f"{voice}_{cursor:05d}"
                cursor += 1
                if (out / f"{name}.npz").exists():
                    continue
                espeak = speakers["b" if voice[0] == "b" else "a"]
                phones = espeak.phonemize([text])[0].strip()
                phones = "".join(c for c in phones if c in vocabulary)[:500]
                tokens = [0, *(vocabulary[c] for c in phones), 0]
                audio, durations = kokoro.run(None, {
                    "tokens": np.array([tokens], np.int64),
                    "style": styles[len(tokens) - 3][None],
                    "speed": np.array([speed], np.float32)})
                audio = audio.ravel()
                soundfile.write(out / f"{name}.flac", audio, common.RATE_OUT, subtype="PCM_16")
                np.savez(out / f"{name}.npz", durations=durations.ravel().astype(np.int32),
                         tokens=np.array(tokens, np.int32), text=text, speed=speed)
                made += len(audio) / common.RATE_OUT
        print(f"round {turn}: {made:.0f} s of speech in {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
