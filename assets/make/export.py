"""Writes encoder.onnx and synthesizer.onnx into the pack and checks them against PyTorch."""
import argparse

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

import common
from hubert import LOOKAHEAD, Encoder
from synth import RvcInterface, Synthesizer


def build_encoder():
    """Joins the trained parts; the phone head becomes part of the content columns."""
    stats = np.load(common.DATA / "targets.npz")
    encoder = Encoder(stats)
    state = torch.load(common.DATA / "encoder.pt")
    encoder.content.load_state_dict({k[8:]: v for k, v in state.items() if k.startswith("content.")})
    head = np.load(common.DATA / "head.npz")
    with torch.no_grad():
        encoder.head.weight.copy_(torch.tensor(head["weight"]))
        encoder.head.bias.copy_(torch.tensor(head["bias"]))
        encoder.detail_axes.copy_(torch.tensor(head["detail_axes"]))
        encoder.detail_told.copy_(torch.tensor(head["detail_told"]))
    encoder.timbre.load_state_dict(torch.load(common.DATA / "timbre.pt"))
    return encoder.eval()


def build_synth():
    net = Synthesizer()
    net.load_state_dict(torch.load(common.DATA / "synth.pt"), strict=False)
    return net.eval()


def halve(model):
    """Keeps large weights as fp16 with a Cast behind each: half the size, folded at load."""
    graph = model.graph
    casts = []
    given = {outlet.name for outlet in graph.input}
    for tensor in list(graph.initializer):
        if tensor.name not in given and tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= 1024:
            data = numpy_helper.to_array(tensor)
            if np.abs(data).max() > 6e4:
                continue
            small = numpy_helper.from_array(data.astype(np.float16), tensor.name + "_h")
            casts.append(helper.make_node("Cast", [small.name], [tensor.name], to=TensorProto.FLOAT))
            graph.initializer.remove(tensor)
            graph.initializer.append(small)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
    return model


def write(module, inputs, names, outputs, axes, path, optional=()):
    """`optional`: inputs that may be left out, what they were exported with then stands in; an output
    `present…` of each input `past…` has its shape."""
    scratch = common.DATA / path.name
    torch.onnx.export(module, inputs, str(scratch), input_names=names, output_names=outputs,
                      dynamic_axes=axes, opset_version=17, dynamo=False)
    model = onnx.load(scratch)
    model.graph.initializer.extend(numpy_helper.from_array(inputs[names.index(name)].numpy(), name)
                                   for name in optional)
    for name in optional:
        outlet = next(o for o in model.graph.output if o.name == name.replace("past", "present"))
        for axis, size in zip(outlet.type.tensor_type.shape.dim, inputs[names.index(name)].shape):
            axis.dim_value = size
    model = halve(model)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return common.session(path)


def synth_inputs(frames, seed=0, skip=0):
    rng = np.random.default_rng(seed)
    return {"phone": rng.standard_normal((1, frames, common.DIM)).astype(np.float32) * 0.05,
            "phone_lengths": np.array([frames]), "pitch": np.ones((1, frames), np.int64),
            "pitchf": np.where(rng.random((1, frames)) < 0.7, 150.0, 0).astype(np.float32),
            "ds": np.zeros(1, np.int64),
            "rnd": (rng.standard_normal((1, 192, frames)) * 0.66666).astype(np.float32),
            "skip_head": np.array(skip), "return_length": np.array(frames - skip)}


def check_stream(run, wave, whole, past):
    """Pieces of several lengths, each beginning with the frame that the one before ended with."""
    at, worst, frames, rng = 0, 0.0, common.frames_50(wave.shape[-1]), np.random.default_rng(1)
    while at + LOOKAHEAD < frames:
        count = min(int(rng.integers(1, 9)) + LOOKAHEAD, frames - at)
        piece = wave[..., at * common.HOP_IN:(at + count - 1) * common.HOP_IN + common.FIELD]
        embed, *past = run.run(None, {"source": piece, "past": past[0], "past_voice": past[1]})
        settled = count - LOOKAHEAD
        worst = max(worst, np.abs(embed[:, :settled] - whole[:, at:at + settled]).max())
        at += settled
    print("in pieces", "largest difference", worst)
    assert worst < 1e-3


def check_pieces(run, feed):
    """Pieces of 20 to 80 ms, each after the `present` of the one before, against one call."""
    whole, at, past, rng, worst = run.run(None, feed)[0], 0, {}, np.random.default_rng(2), 0.0
    frames = feed["phone"].shape[1]
    while at < frames:
        count = min(2 * int(rng.integers(1, 5)), frames - at)
        piece = {k: feed[k][:, at:at + count] for k in ("phone", "pitch", "pitchf")}
        piece |= {"rnd": feed["rnd"][:, :, at:at + count], "ds": feed["ds"], "skip_head": np.array(0),
                  "phone_lengths": np.array([count]), "return_length": np.array(count)}
        audio, present = run.run(None, piece | past)
        past = {"past": present}
        piece_of = whole[..., at * common.UPP:(at + count) * common.UPP]
        worst, at = max(worst, np.abs(audio - piece_of).max()), at + count
    print("in pieces", "largest difference", worst, "of", np.abs(whole).max())
    assert worst < 1e-3 * np.abs(whole).max()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("encoder", "synthesizer"))
    part = parser.parse_args().part
    torch.set_num_threads(1)
    if part == "encoder":
        encoder = build_encoder()
        nothing = encoder.nothing()
        names = ["source", "past", "past_voice"]
        run = write(encoder, (torch.randn(1, 1, 10480) * 0.1, *nothing), names,
                    ["embed", "present", "present_voice"], {"source": {2: "samples"}, "embed": {1: "frames"}},
                    common.PACK / "encoder.onnx", names[1:])
        for count in (400, 5000, 10480, 48000):
            wave = torch.randn(1, 1, count) * 0.1
            with torch.no_grad():
                trained = encoder.head(encoder.content(wave[:, 0])).numpy()
                want = encoder(wave, *nothing)[0].numpy()
            got = run.run(None, {"source": wave.numpy()})[0]
            assert got.shape == (1, common.frames_50(count), common.DIM), got.shape
            print(count, "largest difference", np.abs(got - want).max(),
                  "from the training's", np.abs(want[..., :common.CONTENT] - trained).max())
        check_stream(run, wave.numpy(), got, [n.numpy() for n in nothing])
        return
    net = RvcInterface(build_synth()).eval()
    nothing = net.net.nothing()
    names = ["phone", "phone_lengths", "pitch", "pitchf", "ds", "rnd", "skip_head", "return_length"]
    example = synth_inputs(30)
    run = write(net, (*(torch.tensor(example[n]) for n in names), nothing), [*names, "past"],
                ["audio", "present"], {"phone": {1: "t"}, "pitch": {1: "t"}, "pitchf": {1: "t"},
                                       "rnd": {2: "t"}, "audio": {2: "samples"}},
                common.PACK / "synthesizer.onnx", ["past"])
    for count, skip in ((2, 0), (29, 0), (30, 24), (500, 100)):
        feed = synth_inputs(count, count, skip)
        want = net(*(torch.tensor(feed[n]) for n in names), nothing)[0].detach().numpy()
        got = run.run(None, feed)[0]
        assert got.shape == (1, 1, (count - skip) * common.UPP), got.shape
        print(count, "largest difference", np.abs(got - want).max(), "of", np.abs(want).max())
    check_pieces(run, synth_inputs(500, 7))


if __name__ == "__main__":
    main()