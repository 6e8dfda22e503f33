"""Plays the built VST3 plugin in pedalboard (a JUCE host), one scenario per run.

    python vst3_host.py SCENARIO path/to/voxmeld.vst3 path/to/speech.wav

Run by tests/tests/vst3/python_host.rs, which passes the speech as 48 kHz mono float WAV.
Every scenario either ends with the line "passed" or fails an assertion.
pedalboard renders offline, compensates the latency, and names parameters by
their title and unit.
"""

import gc
import sys

import numpy as np
import pedalboard
from pedalboard.io import AudioFile

RATE = 48_000
BLOCK = 480
# Hop, time to compute it, one block, and 30 ms of algorithmic latency (core/src/geometry.rs).
LATENCY = 960 + 960 + BLOCK + 1440


def load(path):
    return pedalboard.load_plugin(path)


def speech(path, seconds, channels=2):
    with AudioFile(path) as file:
        assert file.samplerate == RATE, file.samplerate
        mono = file.read(int(seconds * RATE))[0]
    return np.stack([mono] * channels).astype(np.float32)


def play(plugin, sound, block=BLOCK, reset=True):
    return plugin.process(sound, RATE, buffer_size=block, reset=reset)


def rms(sound):
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def envelope(sound, step=480):
    mono = sound[0]
    return np.sqrt(np.mean(mono[: len(mono) // step * step].reshape(-1, step) ** 2, axis=1))


def assert_voice(sound, output):
    assert output.shape == sound.shape, (output.shape, sound.shape)
    assert np.isfinite(output).all(), "the output is not finite"
    assert rms(output) > 0.1 * rms(sound), f"too quiet: {rms(output)} from {rms(sound)}"


def lifecycle(path, wav):
    """Three times loaded, processed and unloaded: equal output, whose levels follow the input."""
    sound = speech(wav, 3)
    first = None
    for _ in range(3):
        plugin = load(path)
        output = play(plugin, sound)
        assert_voice(sound, output)
        assert plugin.reported_latency_samples == LATENCY, plugin.reported_latency_samples
        if first is None:
            first = output
        assert np.array_equal(first, output), "the instances give different output"
        del plugin
        gc.collect()
    # pedalboard compensates the latency, so the levels have to fit without a shift.
    a, b = envelope(sound), envelope(first)
    shifts = range(-20, 21)
    fits = [np.corrcoef(a[20:-20], b[20 + s : len(b) - 20 + s])[0, 1] for s in shifts]
    best = shifts[int(np.argmax(fits))]
    assert abs(best) <= 3 and max(fits) > 0.5, f"levels fit best {best * 10} ms off: {max(fits):.2f}"


def dry(path, wav):
    """Mix at 0 % and bypass: the output equals the input bit for bit, latency compensated."""
    sound = speech(wav, 2)
    for settings in ({"dry_wet": 0.0}, {"bypass": True}):
        plugin = load(path)
        for name, value in settings.items():
            setattr(plugin, name, value)
        output = play(plugin, sound)
        assert np.array_equal(output, sound), f"{settings}: differs from the input"


def automation(path, wav):
    """A ratio changed between blocks takes effect from there on, and not before."""
    sound = speech(wav, 3)
    middle = RATE * 3 // 2

    def render(second):
        plugin = load(path)
        plugin.blend_ratio = 0.0
        head = play(plugin, sound[:, :middle], reset=True)
        plugin.blend_ratio = second
        tail = play(plugin, sound[:, middle:], reset=False)
        return np.concatenate([head, tail], axis=1)

    constant, changed = render(0.0), render(100.0)
    length = min(constant.shape[1], changed.shape[1])
    differs = np.nonzero(constant[0, :length] != changed[0, :length])[0]
    assert len(differs), "the ratio has no effect"
    head = render(0.0).shape[1] - length
    assert differs[0] >= middle - LATENCY - RATE // 20 - head, f"takes effect at {differs[0]}, too early"
    assert rms(constant[:, :length] - changed[:, :length]) > 0.05 * rms(constant), "the effect is too small"


def state(path, wav):
    """A state restored in another instance: equal parameters and output."""
    sound = speech(wav, 2)
    saved = load(path)
    settings = {"blend_ratio": 30.0, "pitch_shift_st": 4.0, "output_gain_db": -6.0, "neighbours": 3}
    for name, value in settings.items():
        setattr(saved, name, value)
    before = play(saved, sound)
    assert_voice(sound, before)
    data = saved.raw_state

    other = load(path)
    other.raw_state = data
    for name, value in settings.items():
        found = getattr(other, name)
        assert abs(float(found) - value) < 0.05, f"{name} is {found}, was {value}"
    assert np.array_equal(before, play(other, sound)), "the restored instance gives different output"

    # Damaged states are rejected or restored in part, and the next good state works.
    for damaged in (b"", b"\0" * 64, data[: len(data) // 2], bytes(reversed(data))):
        try:
            other.raw_state = damaged
        except Exception as error:  # how pedalboard reports a rejected state
            print("rejected:", error)
    other.raw_state = data
    assert np.array_equal(before, play(other, sound)), "a damaged state changed the output"


def instances(path, wav):
    """Three instances in turns, block by block: the output of each equals that of the instance alone."""
    sound = speech(wav, 2)
    shifts = (-3.0, 0.0, 5.0)

    def make(shift):
        plugin = load(path)
        plugin.pitch_shift_st = shift
        return plugin

    def in_pieces(plugins):
        # Latency compensation shortens the first outputs, so only the concatenation is compared.
        outputs = [[] for _ in plugins]
        for start in range(0, sound.shape[1], 9600):
            piece = sound[:, start : start + 9600]
            for plugin, output in zip(plugins, outputs):
                output.append(play(plugin, piece, reset=start == 0))
        return [np.concatenate(output, axis=1) for output in outputs]

    alone = [in_pieces([make(shift)])[0] for shift in shifts]
    together = in_pieces([make(shift) for shift in shifts])
    for shift, a, b in zip(shifts, alone, together):
        assert rms(a) > 0.01, f"shift {shift}: silent"
        assert np.array_equal(a, b), f"shift {shift}: the other instances change the output"


def blocks(path, wav):
    """Blocks of 1 to 4096: the voice sounds, and two renders are equal."""
    for size in (1, 64, 480, 512, 1024, 4096):
        sound = speech(wav, 1.5 if size > 1 else 0.6)
        plugin = load(path)
        first, second = play(plugin, sound, size), play(plugin, sound, size)
        assert_voice(sound, first)
        assert np.array_equal(first, second), f"blocks of {size}: two renders differ"


def mono(path, wav):
    """A mono track: the voice sounds."""
    sound = speech(wav, 2, channels=1)
    plugin = load(path)
    assert_voice(sound, play(plugin, sound))


def main():
    scenario, path, wav = sys.argv[1:]
    globals()[scenario](path, wav)
    print("passed")


if __name__ == "__main__":
    main()
