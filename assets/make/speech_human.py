"""Decodes the human part of the training speech: G.722 telephone prompts of two CC-BY speakers.

`dl/ast` holds the unpacked Debian packages asterisk-core-sounds-it-g722 (Carlo) and
asterisk-core-sounds-ru-g722 (IvrvoiceRU). Prompts are joined to clips of 4-10 s.
The English and Spanish sets are Allison's, who is held out for testing; June's French set is
share-alike and is left out so that the models carry no such condition.
"""
import argparse

import av
import numpy as np
import soundfile

import common

SETS = {"carlo": "it_IT_m_Carlo", "ivrru": "ru_RU_f_IvrvoiceRU"}


def decode(path):
    with av.open(str(path), format="g722") as box:
        parts = [f.to_ndarray().ravel() for f in box.decode(audio=0)]
    return np.concatenate(parts).astype(np.float32) / 32768 if parts else np.zeros(0, np.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=9, help="speech per speaker")
    args = parser.parse_args()
    out = common.DATA / "human"
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(common.SEED)
    for name, folder in SETS.items():
        files = [f for f in sorted((common.DATA / "dl" / "ast").rglob("*.g722"))
                 if folder in f.parts and "silence" not in f.parts]
        clip, total, number = [], 0.0, 0
        for i in rng.permutation(len(files)):
            audio = decode(files[i])
            if len(audio) < 8000:
                continue
            # a prompt longer than a clip is cut, the rest is dropped: variety matters more
            clip.append(audio[:10 * common.RATE_IN])
            length = sum(map(len, clip)) / common.RATE_IN
            if length >= 4:
                joined = np.concatenate(clip)[:10 * common.RATE_IN]
                soundfile.write(out / f"{name}_{number:04d}.flac", joined, common.RATE_IN)
                total, number, clip = total + length, number + 1, []
            if total > 60 * args.minutes:
                break
        print(f"{name}: {number} clips, {total:.0f} s")


if __name__ == "__main__":
    main()
