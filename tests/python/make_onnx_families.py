"""Makes a tiny file of every kind of RVC voice and content encoder that the field exports: `make_onnx_families.py FOLDER`.

`pip install onnx==1.23.2 numpy`. The files of tests/data/families are what it writes. They have the inputs, outputs, types and
metadata of real exports and hardly any weights, so that they are small; what they compute is simple enough to check:

- encoders: each of their frames holds its root mean square over HuBERT's field (400 samples every 320), times a constant per
  column;
- voices: each frame of 10 ms is four periods of a sine of the amplitude mean(|embedding|), times a gain of the speaker, plus the pitch in kHz
  times 0.001 where there is a pitch, plus 0.0001 times noise of the graph's own where VC Client draws it.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

FLOATS = {T.FLOAT: np.float32, T.FLOAT16: np.float16}


class Graph:
    """Nodes and weights under construction."""

    def __init__(self, kind=T.FLOAT):
        self.kind, self.nodes, self.weights, self.inputs, self.outputs = kind, [], [], [], []

    def op(self, name, *inputs, **attributes):
        output = f"{name}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(name, inputs, [output], **attributes))
        return output

    def const(self, values, kind=None):
        array = np.asarray(values, FLOATS[self.kind] if kind is None else kind)
        name = f"w_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values):
        return self.const(values, np.int64)

    def input(self, name, kind, shape):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name, value, kind, shape):
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def save(self, path, metadata=None, external=False):
        graph = helper.make_graph(self.nodes, "tiny", self.inputs, self.outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        if metadata is not None:
            entry = model.metadata_props.add()
            entry.key, entry.value = "metadata", json.dumps(metadata)
        onnx.checker.check_model(model)
        if external:
            onnx.save(model, path, save_as_external_data=True, location=path.name + ".data", size_threshold=256)
        else:
            onnx.save(model, path)


def voice(path, names, width, samples, *, kind=T.FLOAT, speakers=None, noise=None, own_noise=False, pitch=True, lengths=True, crop=False,
          fixed=None, baked=None, rank=3, metadata=None, width_hidden=False, external=False):
    """`names`: of embeddings, lengths and speaker. `fixed`: a declared number of frames, `baked`: one that only fails to run otherwise."""
    embeddings, length, speaker = names
    graph, frames = Graph(kind), fixed or "frames"
    feats = graph.input(embeddings, kind, [1, frames, "width" if width_hidden else width])
    if lengths:
        graph.input(length, T.INT64, [1])
    if pitch:
        graph.input("pitch", T.INT64, [1, frames])
        graph.input("pitchf", kind, [1, frames])
    if speakers:
        graph.input(speaker, T.INT64, [1])
    if noise:
        graph.input(noise, kind, [1, 192, frames])
    if width_hidden:
        # Only the matrix that the embeddings are multiplied with tells their width.
        level = graph.op("Abs", graph.op("MatMul", feats, graph.const(np.full((width, 1), 1 / width))))
    else:
        level = graph.op("ReduceMean", graph.op("Abs", feats), axes=[2], keepdims=1)
    if baked:
        # Relative attention of a stock export: fails at any other length.
        level = graph.op("Mul", level, graph.const(np.ones((1, baked, 1))))
    if speakers:
        gains = graph.const(np.linspace(1.0, 0.25, speakers).reshape(speakers, 1))
        gain = graph.op("Unsqueeze", graph.op("Gather", gains, speaker, axis=0), graph.ints(1))
        level = graph.op("Mul", level, gain)
    sine = np.sin(2 * np.pi * 4 * np.arange(samples) / samples).reshape(1, 1, samples)
    audio = graph.op("Mul", level, graph.const(sine))
    column = graph.ints(1, -1, 1)
    if pitch:
        audio = graph.op("Add", audio, graph.op("Mul", graph.op("Reshape", "pitchf", column), graph.const(1e-6)))
    if noise:
        mean = graph.op("ReduceMean", noise, axes=[1], keepdims=1)
        audio = graph.op("Add", audio, graph.op("Mul", graph.op("Reshape", mean, column), graph.const(1e-3)))
    if own_noise:
        # As PyTorch exports torch.randn_like, of all frames.
        drawn = graph.op("RandomNormalLike", audio)
        audio = graph.op("Add", audio, graph.op("Mul", drawn, graph.const(1e-4)))
    if crop:
        for name in ("skip_head", "return_length", "formant_length"):
            graph.input(name, T.INT64, [])
        start = graph.op("Unsqueeze", "skip_head", graph.ints(0))
        end = graph.op("Add", start, graph.op("Unsqueeze", "return_length", graph.ints(0)))
        audio = graph.op("Slice", audio, start, end, graph.ints(1))
    shape = graph.ints(-1) if rank == 1 else graph.ints(1, 1, -1)
    audio = graph.op("Reshape", audio, shape)
    if rank == 1:
        audio = graph.op("Clip", audio, graph.const(-1.0), graph.const(1.0))
    graph.output("audio", audio, kind, ["samples"] if rank == 1 else [1, 1, "samples"])
    graph.save(path, metadata, external)


def encoder(path, name, outputs, rank, *, kind=T.FLOAT, mask=None, samples="samples"):
    """`outputs`: names and widths; `mask`: name and type of a second input, which removes what it marks."""
    graph = Graph(kind)
    shape = [1] * (rank - 1) + [samples]
    audio = graph.input(name, kind, shape)
    if mask:
        graph.input(mask[0], mask[1], [1, samples])
        kept = graph.op("Cast", mask[0], to=kind)
        if "padding" in mask[0]:
            kept = graph.op("Sub", graph.const(1.0), kept)
        audio = graph.op("Mul", audio, kept)
    power = graph.op("Reshape", graph.op("Mul", audio, audio), graph.ints(1, 1, -1))
    mean = graph.op("AveragePool", power, kernel_shape=[400], strides=[320])
    rms = graph.op("Transpose", graph.op("Sqrt", mean), perm=[0, 2, 1])
    for n, (output, width) in enumerate(outputs):
        columns = graph.op("Tile", graph.const([[[1.0, 0.5, -0.5, 0.25 + n]]]), graph.ints(1, 1, width // 4))
        graph.output(output, graph.op("Mul", rms, columns), kind, [1, "frames", width])
    graph.save(path)


def vc_client(width, rate, f0, version="2.1"):
    return {"application": "VC_CLIENT", "version": version, "modelType": "pyTorchRVC" + ("v2" if width == 768 else ""), "samplingRate": rate,
            "f0": f0, "embChannels": width, "embedder": "hubert_base", "embOutputLayer": 12, "useFinalProj": False}


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    webui, client = ("phone", "phone_lengths", "ds"), ("feats", "p_len", "sid")
    voice(folder / "webui_v1_40k.onnx", webui, 256, 400, speakers=109, noise="rnd")
    voice(folder / "webui_v2_48k.onnx", webui, 768, 480, speakers=4, noise="rnd")
    voice(folder / "webui_44k.onnx", webui, 768, 441, speakers=1, noise="rnd")
    voice(folder / "webui_width_hidden.onnx", webui, 768, 320, speakers=1, noise="rnd", width_hidden=True)
    voice(folder / "webui_baked_200.onnx", webui, 256, 400, speakers=1, noise="rnd", baked=200)
    voice(folder / "vcclient_v2_40k.onnx", client, 768, 400, speakers=2, own_noise=True, rank=1, metadata=vc_client(768, 40000, True))
    voice(folder / "vcclient_v1_32k_f16.onnx", client, 256, 320, kind=T.FLOAT16, speakers=1, own_noise=True, metadata=vc_client(256, 32000, 1, "2"))
    voice(folder / "vcclient_nof0_48k.onnx", client, 768, 480, speakers=1, own_noise=True, pitch=False, rank=1, metadata=vc_client(768, 48000, 0))
    voice(folder / "vcclient_fixed_100.onnx", client, 768, 400, speakers=1, own_noise=True, fixed=100, rank=1, metadata=vc_client(768, 40000, 1))
    voice(folder / "vcclient_22050.onnx", client, 768, 220, speakers=1, rank=1, metadata=vc_client(768, 22050, 1))
    voice(folder / "deiteris_v2_48k.onnx", client, 768, 480, speakers=1, own_noise=True, crop=True, rank=1, metadata=vc_client(768, 48000, 1))
    voice(folder / "obs_rvc_v2_40k.onnx", webui, 768, 400, lengths=False, rank=1)
    voice(folder / "webui_external.onnx", webui, 256, 80, speakers=1, noise="rnd", external=True)
    encoder(folder / "vec-768-layer-12.onnx", "source", [("embed", 768)], 3)
    encoder(folder / "vec-256-layer-9.onnx", "source", [("embed", 256)], 3)
    encoder(folder / "content_vec_500.onnx", "audio", [("units9", 256), ("unit12", 768), ("unit12s", 256)], 2)
    encoder(folder / "content_vec_500_f16.onnx", "audio", [("units9", 256), ("unit12", 768), ("unit12s", 256)], 2, kind=T.FLOAT16)
    encoder(folder / "hubert_transformers.onnx", "input_values", [("last_hidden_state", 768)], 2, mask=("attention_mask", T.INT64))
    encoder(folder / "contentvec_converter.onnx", "feats", [("feats_9", 256), ("feats_12", 768)], 2)
    encoder(folder / "fairseq_padding_mask.onnx", "source", [("embed", 768)], 2, mask=("padding_mask", T.BOOL))
    encoder(folder / "fixed_20080.onnx", "source", [("embed", 768)], 3, samples=20080)


if __name__ == "__main__":
    main(sys.argv[1])
