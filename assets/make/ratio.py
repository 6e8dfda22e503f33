"""The ratio as a host draws it and as the plugin applies it: assets/pictures/ratio.png.

    ratio.py record voxmeld.vst3 speech.wav out.npz   (PyPI pedalboard 0.9.26, numpy, soundfile)
    ratio.py draw out.npz assets/pictures/ratio.png   (matplotlib, numpy)

pedalboard, a JUCE host, sets the parameter before each block of 64 samples. After
it, what the plugin tells in its output parameters "Ratio applied" and "Confidence"
is read from the state that it would save; JUCE itself takes output parameters over
only where a message loop runs.
The plugin tells each frame at the sample at which its middle is heard, one latency
after it came in: `record` fails unless every value is the drawing's there, to 1e-6.
"""

import json
import re
import sys

import numpy as np

RATE, BLOCK, SECONDS = 48_000, 64, 6.0


def drawn():
    """One value per sample: two ramps, a step, a sine of 2 Hz."""
    time = np.arange(int(RATE * SECONDS)) / RATE
    ramp = np.clip(time / 2.0, 0, 1) * (time < 2.5)
    step = 0.25 * ((time >= 2.5) & (time < 3.0)) + 0.75 * ((time >= 3.0) & (time < 3.5))
    sine = (0.5 + 0.5 * np.sin(2 * np.pi * 2 * (time - 3.5))) * (time >= 3.5)
    return time, (ramp + step + sine).astype(np.float32)


def told(voice):
    """(ratio applied, confidence) from the state, JSON in JUCE's own base64."""
    text = re.search(rb"<IComponent>(\d+)\.([^<]*)</IComponent>", voice.raw_state)
    letters = b".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
    value_of = np.zeros(256, np.uint8)
    value_of[np.frombuffer(letters, np.uint8)] = np.arange(64)
    sixes = value_of[np.frombuffer(text[2], np.uint8)]
    bits = np.unpackbits(sixes[:, None], axis=1, bitorder="little")[:, :6]
    state = np.packbits(bits.reshape(-1), bitorder="little")[: int(text[1])].tobytes()
    params = json.loads(state[state.index(b"{") :])["params"]
    return params["out_ratio"]["f32"] / 100, params["out_confidence"]["f32"] / 100


def record(plugin, speech, out):
    import pedalboard
    import soundfile

    sound, rate = soundfile.read(speech, dtype="float32", always_2d=True)
    assert rate == RATE, "the recording is at 48 kHz"
    time, ratio = drawn()
    sound = np.resize(sound[:, 0], len(time))
    voice = pedalboard.load_plugin(plugin)
    # Two seconds for the voice to be loaded; then from the beginning.
    voice.process(np.zeros((2, 2 * RATE), np.float32), RATE, buffer_size=BLOCK, reset=True)
    voice.process(np.zeros((2, BLOCK), np.float32), RATE, buffer_size=BLOCK, reset=True)
    blend = voice.parameters["blend_ratio"]
    # The stream began with the block before, which pedalboard followed by as much
    # as the latency.
    latency = voice.reported_latency_samples
    began = BLOCK + latency
    placed, worst = [], 0.0
    for start in range(0, len(time), BLOCK):
        blend.raw_value = float(ratio[start])
        block = np.stack([sound[start : start + BLOCK]] * 2)
        voice.process(block, RATE, buffer_size=BLOCK, reset=False)
        value, trust = told(voice)
        # The last frame whose middle (5 ms after its beginning) was heard by now.
        frame = (began + start + BLOCK - 1 - 240 - latency) // 960
        middle = frame * 960 + 240 - began
        if middle < 0 or (placed and placed[-1][0] == middle / RATE):
            continue
        worst = max(worst, abs(float(ratio[middle // BLOCK * BLOCK]) - value))
        placed.append((middle / RATE, value, trust))
    placed = np.array(placed)
    print(f"{len(placed)} frames, off by up to {worst:.1e}")
    assert worst < 1e-6
    np.savez(out, time=time, drawn=ratio, placed=placed)


def draw(recorded, out):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    data = np.load(recorded)
    placed = data["placed"]
    figure, (top, bottom) = pyplot.subplots(2, 1, figsize=(9, 4.6), sharex=True, height_ratios=[3, 1])
    top.plot(data["time"], data["drawn"], color="#b0b4bc", linewidth=3, label="drawn in the host")
    top.plot(placed[:, 0], placed[:, 1], ".", color="#1f9e87", markersize=4, label="applied, per 20 ms frame")
    top.set_ylabel("blend ratio")
    top.legend(loc="upper left", fontsize=8)
    bottom.plot(placed[:, 0], placed[:, 2], color="#c98a2b", linewidth=0.8)
    bottom.set_ylabel("confidence")
    bottom.set_xlabel("seconds")
    bottom.set_ylim(0, 1)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    {"record": record, "draw": draw}[sys.argv[1]](*sys.argv[2:])
