"""The judges: whose voice, which words, what pitch. None of them took part in training."""
import json
import sys
from pathlib import Path

import numpy as np

import common
from pitch import Pitch


# written in figures or in words as the recogniser pleases: left out of what is compared (those of the test clips)
NUMBERS = set("zero one two three four five six seven eight nine eighteen forty".split())


def words(text):
    text = "".join(c if c.isalpha() or c == "'" else " " for c in text.lower())
    return [word for word in text.split() if word not in NUMBERS]


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
    def __init__(self, pack):
        import moonshine_voice
        import torch
        from moonshine_voice.transcriber import Transcriber
        from resemblyzer import VoiceEncoder
        torch.set_num_threads(1)
        folder = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
        self.ears = lambda: Transcriber(str(folder), moonshine_voice.ModelArch.TINY)
        self.voices = VoiceEncoder("cpu", verbose=False)
        self.pitch = Pitch(pack / "swift_f0.onnx")

    def text(self, audio):
        """Words heard. New ears for each clip, for old ones still have the clip before in mind; and half
        a second of silence around it, for without it they lose words at the edges."""
        silence = np.zeros(common.RATE_IN // 2, np.float32)
        heard = np.concatenate([silence, audio, silence])
        lines = self.ears().transcribe_without_streaming(heard.tolist(), common.RATE_IN).lines
        return words(" ".join(line.text for line in lines))

    def voice(self, audio):
        from resemblyzer import preprocess_wav
        return self.voices.embed_utterance(preprocess_wav(audio, source_sr=common.RATE_IN))


def melody(wanted, got):
    """How often voicing agrees, and the median error in cents where both are voiced."""
    n = min(len(wanted), len(got))
    best = (0.0, 1e9)
    for lag in range(-2, 3):                       # SOLA may sit 10 ms off: not an error of pitch
        a = wanted[max(0, -lag):n - max(0, lag)]
        b = got[max(0, lag):n - max(0, -lag)]
        both = (a > 0) & (b > 0)
        if both.any():
            agree = np.mean((a > 0) == (b > 0))
            cents = np.median(np.abs(1200 * np.log2(b[both] / a[both])))
            best = max(best, (agree, cents))
    return best


def main():
    """Writes goals.json: how the targets sound, from the clips that no index holds."""
    from index import KEPT_BACK, clips_of
    judges, goals = Judges(common.PACK), {}
    for voice in common.TARGET_VOICES:
        kept = np.concatenate([common.read_mono(f, common.RATE_IN) for f in clips_of(voice)[:KEPT_BACK]])
        f0 = judges.pitch(kept)
        goals[voice] = {"median_f0_hz": round(float(np.median(f0[f0 > 0])), 2),
                        "resemblyzer": [round(float(x), 5) for x in judges.voice(kept)]}
    (common.MAKE / "goals.json").write_text(json.dumps(goals) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
