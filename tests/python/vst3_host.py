"""Plays the built VST3 plugin in pedalboard (a JUCE host), one scenario per run.

    python vst3_host.py SCENARIO path/to/voxmeld.vst3 path/to/speech.wav

Run by tests/tests/vst3.rs, which gives the speech as 48 kHz mono float WAV.
Every scenario either ends with the line "passed" or fails an assertion.
pedalboard renders offline, compensates the latency itself, and names
parameters by their title and unit.
"""

import gc
import sys

import numpy as np
import pedalboard
from pedalboard.io import AudioFile

RATE = 48_000
BLOCK = 480
# Hop, time to compute it, one block, and 30 ms of algorithm (core/src/geometry.rs).
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
    assert np.isfinite(output).all(), "values that are no numbers"
    assert rms(output) > 0.1 * rms(sound), f"too quiet: {rms(output)} from {rms(sound)}"


def lifecycle(path, wav):
    """Load, process, unload, and again; levels follow what was spoken."""
    sound = speech(wav, 3)
    first = None
    for _ in range(3):
        plugin = load(path)
        output = play(plugin, sound)
        assert_voice(sound, output)
        assert plugin.reported_latency_samples == LATENCY, plugin.reported_latency_samples
        if first is None:
            first = output
        assert np.array_equal(first, output), "another instance sounds different"
        del plugin
        gc.collect()
    # pedalboard has taken the latency out: the words must be where they were.
    a, b = envelope(sound), envelope(first)
    shifts = range(-20, 21)
    fits = [np.corrcoef(a[20:-20], b[20 + s : len(b) - 20 + s])[0, 1] for s in shifts]
    best = shifts[int(np.argmax(fits))]
    assert abs(best) <= 3 and max(fits) > 0.5, f"levels fit best {best * 10} ms off: {max(fits):.2f}"


def dry(path, wav):
    """Mix at 0 % and bypass give the input back, bit by bit, latency compensated."""
    sound = speech(wav, 2)
    for settings in ({"dry_wet": 0.0}, {"bypass": True}):
        plugin = load(path)
        for name, value in settings.items():
            setattr(plugin, name, value)
        output = play(plugin, sound)
        assert np.array_equal(output, sound), f"{settings}: differs from the input"


def automation(path, wav):
    """The ratio moved between blocks is heard from there on, and not before."""
    sound = speech(wav, 3)
    middle = RATE * 3 // 2

    def render(second):
        plugin = load(path)
        plugin.blend_ratio = 0.0
        head = play(plugin, sound[:, :middle], reset=True)
        plugin.blend_ratio = second
        tail = play(plugin, sound[:, middle:], reset=False)
        return np.concatenate([head, tail], axis=1)

    still, moved = render(0.0), render(100.0)
    length = min(still.shape[1], moved.shape[1])
    differs = np.nonzero(still[0, :length] != moved[0, :length])[0]
    assert len(differs), "moving the ratio changes nothing"
    head = render(0.0).shape[1] - length
    assert differs[0] >= middle - LATENCY - RATE // 20 - head, f"heard at {differs[0]}, before it moved"
    assert rms(still[:, :length] - moved[:, :length]) > 0.05 * rms(still), "hardly heard"


def state(path, wav):
    """A saved state brings parameters and sound back, in another instance too."""
    sound = speech(wav, 2)
    saved = load(path)
    wanted = {"blend_ratio": 30.0, "pitch_shift_st": 4.0, "output_gain_db": -6.0, "neighbours": 3}
    for name, value in wanted.items():
        setattr(saved, name, value)
    before = play(saved, sound)
    assert_voice(sound, before)
    data = saved.raw_state

    other = load(path)
    other.raw_state = data
    for name, value in wanted.items():
        found = getattr(other, name)
        assert abs(float(found) - value) < 0.05, f"{name} is {found}, was {value}"
    assert np.array_equal(before, play(other, sound)), "the restored instance sounds different"

    # Garbage must do no harm.
    for garbage in (b"", b"\0" * 64, data[: len(data) // 2], bytes(reversed(data))):
        try:
            other.raw_state = garbage
        except Exception as refusal:  # pedalboard's own word for "not taken"
            print("refused:", refusal)
    other.raw_state = data
    assert np.array_equal(before, play(other, sound)), "garbage left traces"


def instances(path, wav):
    """Several at once, block by block in turns, are as if each were alone."""
    sound = speech(wav, 2)
    shifts = (-3.0, 0.0, 5.0)

    def make(shift):
        plugin = load(path)
        plugin.pitch_shift_st = shift
        return plugin

    def in_pieces(plugins):
        # Compensation shortens the first answers; all pieces together count.
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
        assert np.array_equal(a, b), f"shift {shift}: disturbed by the others"


def blocks(path, wav):
    """Sizes from 1 to 4096: the voice is there, and two renders are the same."""
    for size in (1, 64, 480, 512, 1024, 4096):
        sound = speech(wav, 1.5 if size > 1 else 0.6)
        plugin = load(path)
        first, second = play(plugin, sound, size), play(plugin, sound, size)
        assert_voice(sound, first)
        assert np.array_equal(first, second), f"blocks of {size}: two renders differ"


def mono(path, wav):
    """A mono track works."""
    sound = speech(wav, 2, channels=1)
    plugin = load(path)
    assert_voice(sound, play(plugin, sound))


def main():
    scenario, path, wav = sys.argv[1:]
    globals()[scenario](path, wav)
    print("passed")


if __name__ == "__main__":
    main()
