"""SwiftF0 on whole recordings."""
import numpy as np

import common

SWIFT_HOP = 256


class Pitch:
    """SwiftF0 read at the centres of 10 ms frames; 0 = unvoiced."""

    def __init__(self, file):
        self.net = common.session(file)
        self.limits = {"fmin": np.array(46.875, np.float32), "fmax": np.array(2093.75, np.float32)}

    def __call__(self, audio):
        hz, confidence = self.net.run(None, {"audio": audio[None], **self.limits})
        hz, confidence = hz[0], confidence[0].copy()
        for i in range(len(confidence)):
            piece = audio[i * SWIFT_HOP:(i + 1) * SWIFT_HOP]
            if not len(piece) or np.abs(piece).max() < 1e-3:
                confidence[i] = 0
        at = (np.arange(len(audio) // 160) * 160 + 80) / SWIFT_HOP
        near = np.clip(np.rint(at).astype(int), 0, len(hz) - 1)
        voiced = confidence >= 0.5
        if not voiced.any():
            return np.zeros(len(at), np.float32)
        track = np.interp(at, np.flatnonzero(voiced), np.log(hz[voiced]))
        return np.where(voiced[near], np.exp(track), 0).astype(np.float32)
