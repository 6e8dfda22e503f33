"""The plugin's chain in small: rolling windows, retrieval, blending, context, SOLA.

Used by the measurements, so that what is judged is what a listener gets from a stream, not what a
whole file would give. Hop 20 ms; one call of every model per hop.
"""
import time

import faiss
import numpy as np

import common
from features import SWIFT_HOP
from hubert import LOOKAHEAD
from manifest import WINDOW
from synth import REACH

HOP_OUT = 2 * common.UPP
FADE = SEARCH = 240            # 10 ms each
PITCH_WINDOW = 12 * 320 + 80   # samples that the pitch tracker sees again every hop
AHEAD = LOOKAHEAD * 320        # samples beyond the newest frame used, for encoder and pitch alike
TAIL = 2                       # frames that the crossfade and the search take


class Chain:
    def __init__(self, pack=common.PACK):
        self.encoder = common.session(pack / "encoder.onnx")
        self.synth = common.session(pack / "synthesizer.onnx")
        self.pitch = common.session(pack / "swift_f0.onnx")
        faiss.omp_set_num_threads(1)
        self.indices = {v: faiss.read_index(str(pack / f"{v}.index")) for v in common.TARGET_VOICES}
        self.vectors = {v: i.reconstruct_n(0, i.ntotal) if self.direct(i) else None
                        for v, i in self.indices.items()}
        self.spent = {"encoder": [], "pitch": [], "search": [], "synthesizer": []}

    @staticmethod
    def direct(index):
        index.make_direct_map()
        return True

    def timed(self, what, call):
        start = time.perf_counter()
        result = call()
        self.spent[what].append(time.perf_counter() - start)
        return result

    def listen(self, wave):
        """Streams 16 kHz audio: the newest embedding and two pitch values of every hop."""
        frames = common.frames_50(len(wave))
        padded = np.concatenate([np.zeros(WINDOW, np.float32), wave, np.zeros(AHEAD, np.float32)])
        embed, f0 = np.zeros((frames, common.DIM), np.float32), np.zeros(2 * frames, np.float32)
        limits = {"fmin": np.array(46.875, np.float32), "fmax": np.array(2093.75, np.float32)}
        for i in range(frames):
            end = WINDOW + i * common.HOP_IN + common.FIELD
            piece = padded[None, None, end + AHEAD - WINDOW:end + AHEAD]
            seen = self.timed("encoder", lambda: self.encoder.run(None, {"source": piece}))[0]
            embed[i] = seen[0, -1 - LOOKAHEAD]
            heard = padded[end + AHEAD - PITCH_WINDOW:end + AHEAD]
            hz, sure = self.timed("pitch", lambda: self.pitch.run(None, {"audio": heard[None], **limits}))
            f0[2 * i:2 * i + 2] = self.newest(heard, hz[0], sure[0])
        return embed, f0

    @staticmethod
    def newest(heard, hz, sure):
        """Pitch at the centres of the two newest 10 ms frames, by the nearest tracker frame."""
        out = np.zeros(2, np.float32)
        for k, back in enumerate((320, 160)):
            # frame centres: 80 samples of the encoder's field follow the second one's end
            at = len(heard) - AHEAD - back
            at = int(np.clip(round(at / SWIFT_HOP), 0, len(hz) - 1))
            loud = np.abs(heard[at * SWIFT_HOP:(at + 1) * SWIFT_HOP]).max(initial=0) >= 1e-3
            out[k] = hz[at] if sure[at] >= 0.5 and loud else 0
        return out

    def retrieve(self, embed, voice, k=8):
        """RVC's blend of neighbours, one frame at a time, safe at exact hits and missing ids."""
        out = np.empty_like(embed)
        for i in range(len(embed)):
            score, ids = self.timed("search", lambda: self.indices[voice].search(embed[i:i + 1], k))
            good = ids[0] >= 0
            weight = (1 / np.maximum(score[0][good], 1e-9)) ** 2
            out[i] = (weight / weight.sum()) @ self.vectors[voice][ids[0][good]]
        return out

    def speak(self, embed, f0, seed=1):
        """Embeddings and pitch -> 24 kHz audio through short windows and SOLA, time-aligned."""
        rng = np.random.default_rng(seed)
        frames = 2 * len(embed)
        rnd = (rng.standard_normal((192, frames)) * 0.66666).astype(np.float32)
        phone = np.repeat(embed, 2, 0)
        mel = 1127 * np.log1p(f0 / 700)
        low, high = 1127 * np.log1p(50 / 700), 1127 * np.log1p(1100 / 700)
        code = np.clip(np.rint((mel - low) * 254 / (high - low) + 1), 1, 255).astype(np.int64)
        out, held = [], np.zeros(FADE, np.float32)
        fade = np.sin(0.5 * np.pi * (np.arange(FADE) + 0.5) / FADE) ** 2
        for i in range(len(embed)):
            stop = 2 * i + 2
            start = max(0, stop - REACH - 2 - TAIL)
            feed = {"phone": phone[None, start:stop], "phone_lengths": np.array([stop - start]),
                    "pitch": code[None, start:stop], "pitchf": f0[None, start:stop],
                    "ds": np.zeros(1, np.int64), "rnd": rnd[None, :, start:stop]}
            audio = self.timed("synthesizer", lambda: self.synth.run(None, feed))[0][0, 0]
            need = HOP_OUT + FADE + SEARCH
            audio = np.concatenate([np.zeros(max(0, need - len(audio)), np.float32), audio])[-need:]
            score = np.correlate(audio[:FADE + SEARCH], held, "valid")
            power = np.correlate(audio[:FADE + SEARCH] ** 2, np.ones(FADE), "valid")
            at = int(np.argmax(score / np.sqrt(power + 1e-8)))
            audio = audio[at:].copy()
            audio[:FADE] = audio[:FADE] * fade + held * (1 - fade)
            held = audio[HOP_OUT:HOP_OUT + FADE].copy()
            out.append(audio[:HOP_OUT])
        # the first sample of hop i stands for time 480 (i + 1) - 960 + at; take the mean of at
        whole = np.concatenate(out)
        return np.concatenate([whole[FADE + SEARCH - SEARCH // 2:], np.zeros(FADE + SEARCH // 2, np.float32)])

    def convert(self, heard, voice, ratio, semitones=0.0):
        embed, f0 = heard
        mixed = embed + ratio * (self.retrieve(embed, voice) - embed) if ratio > 0 else embed
        return self.speak(mixed, (f0 * 2 ** (semitones / 12)).astype(np.float32))
