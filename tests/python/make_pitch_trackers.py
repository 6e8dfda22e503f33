"""Makes a tiny pitch tracker in every interface that the field exports: `make_pitch_trackers.py FOLDER`.

`pip install onnx==1.23.2 numpy`. The files of tests/data/trackers are what it writes. They have the inputs, outputs and types of real exports
and hardly any weights:

- those that take spectra find the loudest of the 128 bands and give its middle frequency (or a salience with one step at it), so that a tone is
  tracked to half a band; where no band is louder than a threshold of the file's own, the frame is unvoiced;
- those that take samples count sign changes in blocks of 1600 samples: right for a tone.
"""

import math
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

BANDS, STEPS = 128, 360
LOUD = -4.0  # logarithm of a band's magnitude


def htk(points):
    low, high = (2595 * math.log10(1 + hz / 700) for hz in (30, 8000))
    return [700 * (10 ** ((low + (high - low) * n / (BANDS + 1)) / 2595) - 1) for n in points]


def slaney(points):
    top = 15 + 27 * math.log(8) / math.log(6.4)
    mels = [top * n / (BANDS + 1) for n in points]
    return [mel * 200 / 3 if mel < 15 else 1000 * math.exp((mel - 15) / 27 * math.log(6.4)) for mel in mels]


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.count = [], [], 0

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        self.nodes.append(helper.make_node(kind, inputs, [f"v{self.count}"], **attributes))
        return f"v{self.count}"

    def const(self, values, dtype=np.float32):
        self.count += 1
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), f"c{self.count}"))
        return f"c{self.count}"

    def save(self, path, inputs, output):
        graph = helper.make_graph(self.nodes, "tiny", [helper.make_tensor_value_info(*i) for i in inputs],
                                  [helper.make_tensor_value_info(*output)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def loudest(graph, mel, bands_axis):
    """The number of the loudest band of each frame, and 1 where it is loud, both [1,F]."""
    best = graph.op("ArgMax", mel, axis=bands_axis, keepdims=0)
    most = graph.op("ReduceMax", mel, axes=[bands_axis], keepdims=0)
    loud = graph.op("Cast", graph.op("Greater", most, graph.const(LOUD)), to=T.FLOAT)
    return best, loud


def pitch_of(graph, mel, bands_axis, middles, threshold):
    best, loud = loudest(graph, mel, bands_axis)
    hz = graph.op("Mul", graph.op("Gather", graph.const(middles), best, axis=0), loud)
    # the threshold is used, so that it cannot be left out
    scale = graph.op("Reshape", graph.op("Mul", threshold, graph.const(0.0)), graph.const([1], np.int64))
    return graph.op("Add", hz, scale)


def mel_pitch(path, shape, bands_axis, middles, threshold_shape, column):
    graph = Graph()
    pitch = pitch_of(graph, "mel", bands_axis, middles, "threshold")
    if column:
        pitch = graph.op("Unsqueeze", pitch, graph.const([2], np.int64))
    graph.nodes.append(helper.make_node("Identity", [pitch], ["pitchf"]))
    graph.save(path, [("mel", T.FLOAT, shape), ("threshold", T.FLOAT, threshold_shape)],
               ("pitchf", T.FLOAT, [1, "frames", 1] if column else [1, "frames"]))


def salience(path):
    graph = Graph()
    best, loud = loudest(graph, "input", 1)
    steps = [round((1200 * math.log2(hz / 10) - 1997.3794084376191) / 20) for hz in htk(range(1, BANDS + 1))]
    step = graph.op("Gather", graph.const([min(max(step, 0), STEPS - 1) for step in steps], np.int64), best, axis=0)
    rows = graph.op("OneHot", step, graph.const(STEPS, np.int64), graph.const([0.0, 0.9]))
    loud = graph.op("Unsqueeze", loud, graph.const([2], np.int64))
    graph.nodes.append(helper.make_node("Mul", [rows, loud], ["output"]))
    graph.save(path, [("input", T.FLOAT, [1, BANDS, "frames"])], ("output", T.FLOAT, [1, "frames", STEPS]))


def waveform(path):
    graph = Graph()
    signs = graph.op("Sign", "waveform")
    size = graph.op("Shape", "waveform")
    count = graph.op("Slice", size, graph.const([1], np.int64), graph.const([2], np.int64))
    less = graph.op("Sub", count, graph.const([1], np.int64))
    ones, zeros = graph.const([1], np.int64), graph.const([0], np.int64)
    later = graph.op("Slice", signs, ones, count, ones)
    earlier = graph.op("Slice", signs, zeros, less, ones)
    changes = graph.op("Abs", graph.op("Sub", later, earlier))
    # two changes of 2 for a period
    total = graph.op("ReduceSum", changes, ones, keepdims=1)
    seconds = graph.op("Div", graph.op("Cast", less, to=T.FLOAT), graph.const([16000.0]))
    hz = graph.op("Div", graph.op("Div", total, graph.const([4.0])), seconds)
    hz = graph.op("Add", hz, graph.op("Mul", "threshold", graph.const([0.0])))
    frames = graph.op("Add", graph.op("Div", count, graph.const([160], np.int64)), ones)
    shape = graph.op("Concat", ones, frames, axis=0)
    graph.nodes.append(helper.make_node("Expand", [hz, shape], ["pitchf"]))
    graph.save(path, [("waveform", T.FLOAT, [1, "samples"]), ("threshold", T.FLOAT, [1])],
               ("pitchf", T.FLOAT, [1, "frames"]))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    salience(folder / "rmvpe_webui.onnx")
    waveform(folder / "rmvpe_waveform.onnx")
    mel_pitch(folder / "rmvpe_mel.onnx", [1, BANDS, "frames"], 1, htk(range(1, BANDS + 1)), [], False)
    mel_pitch(folder / "fcpe_mel.onnx", [1, "frames", BANDS], 2, slaney(range(1, BANDS + 1)), [], True)


if __name__ == "__main__":
    main()
