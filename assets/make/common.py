"""Names, lengths and small helpers that every step of the recipe shares."""
import os
from pathlib import Path

import numpy as np

MAKE = Path(__file__).resolve().parent
# a half-made pack is best built elsewhere and copied over whole
PACK = Path(os.environ.get("VOXMELD_PACK", MAKE.parent / "packs" / "default"))
SPEECH = MAKE.parent / "speech"
# Everything bulky (downloads, speech, features, checkpoints) stays out of the repository.
DATA = Path(os.environ.get("VOXMELD_PACKDATA", "packdata"))
# Folder with the whisper-tiny teacher, the human recordings and the held-out test clips.
SHARED = Path(os.environ.get("VOXMELD_SHARED", MAKE.parents[1].parent / "shared" / "data"))

SEED = 20261122
RATE_IN = 16000          # encoder and pitch tracker
RATE_OUT = 24000         # synthesizer
HOP_IN = 320             # one embedding frame: 20 ms
UPP = 240                # output samples per 10 ms frame
FIELD = 400              # samples that one embedding frame sees through the conv front end

CONTENT = 112            # embedding columns ruled by what is said
DETAIL = 24              # columns with what the content does not tell of this frame's envelope
TIMBRE = 24              # columns with the slow voice colour
CONTENT_SHARE = 0.25     # part of the ratio that the content takes: a neighbour's words are often others
DETAIL_SETTLES = 5       # frames over which a conversion's change of the detail is averaged
DETAIL_QUICK = 0.3       # part of what the mean leaves out that follows at a ratio of 1
DIM = CONTENT + DETAIL + TIMBRE
TARGET_VOICES = ("af_heart", "am_michael")
# never trained on by the encoder: to see how it does on strangers
DEV_SPEAKERS = ("am_eric", "bf_lily", "im_nicola")
HELD_OUT = ("allison", "librispeech")


def frames_50(samples: int) -> int:
    """How many embedding frames come out of `samples` at 16 kHz."""
    return max(0, (samples - FIELD) // HOP_IN + 1)


def read_mono(path, rate: int) -> np.ndarray:
    """Reads a sound file as float32 mono at `rate`."""
    import soundfile
    from scipy.signal import resample_poly
    audio, have = soundfile.read(path, dtype="float32", always_2d=True)
    audio = audio.mean(axis=1)
    if have != rate:
        common = np.gcd(have, rate)
        audio = resample_poly(audio, rate // common, have // common)
    return audio.astype(np.float32)


def session(path, threads: int = 1):
    """An ONNX Runtime session on one thread, as the plugin runs it."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3       # inputs that may be left out are no news
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
