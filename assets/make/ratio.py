"""The ratio as a DAW draws it and as the plugin applies it: assets/pictures/ratio.png.

    ratio.py record voxmeld.vst3 speech.wav out.npz   (PyPI dawdreamer 0.9.0, numpy, soundfile)
    ratio.py draw out.npz assets/pictures/ratio.png   (matplotlib, numpy)

dawdreamer plays one automation point per host block; blocks of 64 samples show
what the plugin makes of them. "Ratio applied" is the plugin's own output
parameter, which the host records.
"""

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


def record(plugin, speech, out):
    import dawdreamer
    import soundfile

    sound, rate = soundfile.read(speech, dtype="float32", always_2d=True)
    assert rate == RATE, "the recording is at 48 kHz"
    time, ratio = drawn()
    sound = np.resize(sound[:, 0], len(time))
    engine = dawdreamer.RenderEngine(RATE, BLOCK)
    source = engine.make_playback_processor("speech", np.stack([sound, sound]))
    voice = engine.make_plugin_processor("voxmeld", plugin)
    index = {voice.get_parameter_name(n): n for n in range(voice.get_plugin_parameter_size())}
    voice.set_automation(index["Blend ratio"], ratio)
    voice.record_automation = True
    engine.load_graph([(source, []), (voice, ["speech"])])
    engine.render(SECONDS)
    recorded = voice.get_automation()
    applied = next(values for name, values in recorded.items() if "Ratio applied" in name)
    confidence = next(values for name, values in recorded.items() if "Confidence" in name)
    np.savez(
        out,
        time=time,
        drawn=ratio,
        applied=np.asarray(applied).squeeze(),
        confidence=np.asarray(confidence).squeeze(),
        latency=voice.get_latency_samples(),
    )


def draw(recorded, out):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    data = np.load(recorded)
    figure, (top, bottom) = pyplot.subplots(2, 1, figsize=(9, 4.6), sharex=True, height_ratios=[3, 1])
    top.plot(data["time"], data["drawn"], color="#b0b4bc", linewidth=3, label="drawn in the host")
    top.plot(data["time"], data["applied"][: len(data["time"])], color="#1f9e87", linewidth=1, label="applied, as recorded")
    top.set_ylabel("blend ratio")
    top.legend(loc="upper left", fontsize=8)
    bottom.plot(data["time"], data["confidence"][: len(data["time"])], color="#c98a2b", linewidth=0.8)
    bottom.set_ylabel("confidence")
    bottom.set_xlabel("seconds")
    bottom.set_ylim(0, 1)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    {"record": record, "draw": draw}[sys.argv[1]](*sys.argv[2:])
