"""Makes the RVC voices of tests/data/import and PyTorch's answers to them: `make_rvc_models.py FOLDER [--full]`.

Voices are built with the classes of PyPI `rvc==0.3.5` (MIT; `pip install --no-deps rvc==0.3.5`), with torch, numpy and
safetensors beside it. All weights are random, every layer is audible, sizes are tiny: so a wrong graph is heard at once.
`--full` makes one voice of real size instead, to measure with (not for git).

Inputs are not stored: they are made by `uniform` here and by its twin in tests/tests/rvc_import.rs. Of the answers
every 13th sample is stored (13 shares no factor with any stride, so all phases are seen) and both ends whole.
"""

import collections
import hashlib
import json
import pathlib
import sys
import types
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import safetensors.torch
import torch
from rvc.lib.infer_pack import models

FRAMES = (60, 133)
EVERY, ENDS = 13, 256
UPSAMPLING = {
    ("v2", 48): ([12, 10, 2, 2], [24, 20, 4, 4]),
    ("v1", 48): ([10, 6, 2, 2, 2], [16, 16, 4, 4, 4]),
    ("v2", 40): ([10, 10, 2, 2], [16, 16, 4, 4]),
    ("v1", 40): ([10, 10, 2, 2], [16, 16, 4, 4]),
    ("v2", 32): ([10, 8, 2, 2], [20, 16, 4, 4]),
    ("v1", 32): ([10, 4, 2, 2, 2], [16, 16, 4, 4, 4]),
    ("v2", 24): ([6, 10, 4], [12, 20, 8]),
}
# RVC's residual blocks, fewer of them (to be small), and the simpler kind.
RVC_BLOCKS = ("1", [3, 7, 11], [[1, 3, 5]] * 3)
FEW_BLOCKS = ("1", [3, 5], [[1, 2, 4]] * 2)
SIMPLE_BLOCKS = ("2", [3, 5], [[1, 2], [2, 6]])

Kind = collections.namedtuple("Kind", "name version khz f0 speakers dtype container blocks inter", defaults=[FEW_BLOCKS, 8])
KINDS = [
    Kind("v2_48k_f16", "v2", 48, 1, 1, "f16", "zip", RVC_BLOCKS, 192),
    Kind("v2_40k_bf16_4", "v2", 40, 1, 4, "bf16", "zip"),
    Kind("v2_32k_f32", "v2", 32, 1, 1, "f32", "zip"),
    Kind("v1_48k_f16_legacy", "v1", 48, 1, 1, "f16", "legacy", RVC_BLOCKS),
    Kind("v1_40k_mixed_legacy_4", "v1", 40, 1, 4, "mixed", "legacy"),
    Kind("v1_32k_f16", "v1", 32, 1, 1, "f16", "zip"),
    Kind("v2_48k_nof0_f16_4", "v2", 48, 0, 4, "f16", "zip"),
    Kind("v2_40k_nof0_f32_legacy", "v2", 40, 0, 1, "f32", "legacy"),
    Kind("v2_32k_nof0_f16", "v2", 32, 0, 1, "f16", "zip"),
    Kind("v1_48k_nof0_bf16_legacy_4", "v1", 48, 0, 4, "bf16", "legacy"),
    Kind("v1_40k_nof0_f16", "v1", 40, 0, 1, "f16", "zip"),
    Kind("v1_32k_nof0_bf16", "v1", 32, 0, 1, "bf16", "zip"),
    Kind("v2_24k_custom", "v2", 24, 1, 2, "f16", "protocol4", SIMPLE_BLOCKS),
    Kind("v2_48k_new_names", "v2", 48, 1, 1, "f16", "new names"),
    Kind("v2_40k_safetensors", "v2", 40, 1, 1, "f16", "safetensors"),
    Kind("v2_32k_safetensors_bare", "v2", 32, 1, 1, "f16", "bare safetensors", RVC_BLOCKS),
]


def config(kind, full):
    rates, kernels = UPSAMPLING[kind.version, kind.khz]
    if full:
        inter, hidden, filters, layers, initial, gin = 192, 192, 768, 6, 512, 256
    else:
        inter, hidden, filters, layers, initial, gin = kind.inter, 8, 12, 2, 2 ** len(rates), 4
    block, sizes, dilations = RVC_BLOCKS if full else kind.blocks
    return [1025, 32, inter, hidden, filters, 2, layers, 3, 0, block, sizes, dilations,
            rates, initial, kernels, kind.speakers, gin, kind.khz * 1000]  # fmt: skip


def random_voice(kind, full=False):
    """A voice without the part that only training needs, and its numbers as they will be stored."""
    digest = hashlib.sha256(kind.name.encode()).digest()
    torch.manual_seed(int.from_bytes(digest[:4], "little"))
    name = f"SynthesizerTrnMs{768 if kind.version == 'v2' else 256}NSFsid{'' if kind.f0 else '_nono'}"
    cfg = config(kind, full)
    net = getattr(models, name)(*cfg, is_half=False).eval()
    del net.enc_q
    with torch.no_grad():
        for n, p in net.named_parameters():
            if n.endswith("weight_g"):
                p.uniform_(1.2, 2.0) if ".ups." in n else p.uniform_(0.6, 1.0)
            elif n.endswith("weight_v"):
                p.normal_()
            elif n.endswith("bias"):
                p.normal_(0, 0.05)
            elif n.startswith("dec.conv_post"):
                p.normal_(0, 0.25 / p[0].numel() ** 0.5)
            elif "noise_convs" in n:
                p.normal_(0, 1.5 / p.shape[-1] ** 0.5)
            elif "l_linear.weight" in n:
                p.fill_(6.0)
            elif n.endswith(("gamma", "beta")):
                p.add_(torch.randn_like(p) * 0.1)
            elif p.dim() >= 2 and "emb" not in n:
                p.normal_(0, p[0].numel() ** -0.5)
    half, bf16 = torch.float16, torch.bfloat16
    stored = collections.OrderedDict()
    for i, (n, p) in enumerate(net.state_dict().items()):
        types_ = {"f16": half, "bf16": bf16, "f32": torch.float32, "mixed": (half, bf16, torch.float32)[i % 3]}
        stored[n] = p.to(types_[kind.dtype]).clone()
    net.load_state_dict({n: p.float() for n, p in stored.items()})
    return cfg, net, stored


def save(path, kind, cfg, stored):
    voice = collections.OrderedDict(weight=stored, config=cfg, info="10epoch", sr=f"{kind.khz}k", f0=kind.f0, version=kind.version)
    if kind.container == "new names":
        for old, new in ((".weight_g", ".parametrizations.weight.original0"), (".weight_v", ".parametrizations.weight.original1")):
            stored = collections.OrderedDict((n.replace(old, new), p) for n, p in stored.items())
        voice["weight"], voice["vocoder"], voice["embedder_model"] = stored, "HiFi-GAN", "contentvec"
    if kind.container == "safetensors":
        said = {k: v if isinstance(v, str) else json.dumps(v) for k, v in voice.items() if k != "weight"}
        safetensors.torch.save_file(dict(stored), path, metadata=said)
    elif kind.container == "bare safetensors":
        safetensors.torch.save_file(dict(stored), path)
    elif kind.container == "legacy":
        torch.save(voice, path, _use_new_zipfile_serialization=False)
    else:
        torch.save(voice, path, pickle_protocol=4 if kind.container == "protocol4" else 2)


def uniform(seed, count):
    """Numbers of unit variance: SplitMix64's `count` first after `seed`."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((2 * ((z >> np.uint64(40)).astype(np.float64) / 2**24) - 1) * 3**0.5).astype(np.float32)


def inputs(kind, cfg, frames):
    width, upp, inter = 768 if kind.version == "v2" else 256, kind.khz * 10, cfg[2]
    t = np.arange(frames)
    hz = np.where(t % 40 < 30, 100 + t * 7 % 160, 0).astype(np.float32)
    mel = lambda f: 1127 * np.log(1 + f / 700)
    code = np.rint((mel(hz.astype(np.float64)) - mel(50)) * 254 / (mel(1100) - mel(50)) + 1)
    given = dict(
        phone=uniform(1, frames * width).reshape(1, frames, width),
        sid=np.array([kind.speakers - 1]),
        z_noise=uniform(2, inter * frames).reshape(1, inter, frames),
    )
    if kind.f0:
        given |= dict(pitch=np.clip(code, 1, 255).astype(np.int64)[None], pitchf=hz[None])
        given |= dict(source_noise=uniform(3, frames * upp).reshape(1, frames * upp, 1))
    return given


def answer(net, given):
    """PyTorch's audio, with the noise of `given` in the place of its own."""
    noise = [given["z_noise"]] + ([given["source_noise"]] if "source_noise" in given else [])
    noise = [torch.from_numpy(n) for n in noise]
    kept, torch.randn_like = torch.randn_like, lambda x, **_: noise.pop(0).reshape(x.shape)
    try:
        a = {k: torch.from_numpy(v) for k, v in given.items()}
        length = torch.tensor([a["phone"].shape[1]])
        pitch = [a["pitch"], a["pitchf"]] if "pitch" in a else []
        with torch.no_grad():
            return net.infer(a["phone"], length, *pitch, a["sid"])[0].numpy().ravel()
    finally:
        torch.randn_like = kept


def others(folder):
    """Files that are no voices, but must be known for what they are."""
    half = lambda *s: torch.zeros(s, dtype=torch.float16)
    voice = {"enc_p.emb_phone.weight": half(2, 768), "dec.conv_pre.weight": half(2, 2, 7), "flow.flows.0.pre.weight": half(2, 1, 1)}
    layer = torch.nn.Linear(2, 2)
    layer(torch.ones(2)).sum().backward()
    optimizer = torch.optim.AdamW(layer.parameters())
    optimizer.step()
    trained = dict(iteration=2333, optimizer=optimizer.state_dict(), learning_rate=1e-4)
    torch.save(dict(model=voice, **trained), folder / "training_G.pth")
    torch.save(dict(model={"discriminators.0.convs.0.weight_v": half(1)}, **trained), folder / "training_D.pth")
    torch.save(dict(weight={"ref_enc.fc.weight": half(1)}, config=dict(data={}), info="e4"), folder / "gpt_sovits.pth")
    torch.save({"unet.encoder.bn.weight": half(1)}, folder / "rmvpe.pt")
    attention = lambda name: {f"encoder.layers.{n}.{name}.q_proj.weight": half(768, 1) for n in range(12)}
    hubert = {"feature_extractor.conv_layers.0.conv.weight": half(1, 1, 10), **attention("attention")}
    torch.save(hubert | {"final_proj.weight": half(256, 1)}, folder / "hubert_transformers.bin")
    safetensors.torch.save_file({f"hubert.{n}": p for n, p in hubert.items()}, folder / "hubert_transformers.safetensors")
    # fairseq keeps its settings and vocabulary beside the weights, as objects of its classes.
    dictionary = types.ModuleType("fairseq.data.dictionary")
    dictionary.Dictionary = type("Dictionary", (), {"__module__": "fairseq.data.dictionary"})
    sys.modules |= {"fairseq": types.ModuleType("fairseq"), "fairseq.data": types.ModuleType("fairseq.data"), "fairseq.data.dictionary": dictionary}
    words = dictionary.Dictionary()
    words.symbols, words.count = ["<s>", "<pad>"], [1, 1]
    fairseq = {"feature_extractor.conv_layers.0.0.weight": half(1, 1, 10), **attention("self_attn")}
    saved = dict(args=None, cfg={"_name": None}, model=fairseq, task_state=dict(dictionaries=[words]))
    torch.save(saved, folder / "hubert_fairseq.pt", _use_new_zipfile_serialization=False)

    class Code:
        def __reduce__(self):
            import os

            return os.system, ("echo voxmeld > ran",)

    torch.save(dict(weight=Code(), config=[], version="v2"), folder / "code.pth")
    torch.save(dict(weight=Code()), folder / "code_legacy.pth", _use_new_zipfile_serialization=False)


def full(folder):
    kind = Kind("full_v2_48k_f16", "v2", 48, 1, 109, "f16", "zip")
    cfg, net, stored = random_voice(kind, full=True)
    save(folder / f"{kind.name}.pth", kind, cfg, stored)
    given = inputs(kind, cfg, FRAMES[1])
    np.savez(folder / "full_in.npz", **given)
    np.savez(folder / "full_out.npz", audio=answer(net, given).reshape(1, 1, -1))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if "--full" in sys.argv:
        return full(folder)
    voices = []
    for kind in KINDS:
        cfg, net, stored = random_voice(kind)
        file = f"{kind.name}.{'safetensors' if 'safetensors' in kind.container else 'pth'}"
        save(folder / file, kind, cfg, stored)
        answers = {}
        for frames in FRAMES:
            audio = answer(net, inputs(kind, cfg, frames))
            answers |= {f"every_{frames}": audio[::EVERY], f"ends_{frames}": np.concatenate([audio[:ENDS], audio[-ENDS:]])}
            print(f"{kind.name:28} {frames:4} frames, rms {audio.std():.3f}, peak {abs(audio).max():.3f}")
        np.savez(folder / f"{kind.name}.npz", **answers)
        voices.append(dict(file=file, answers=f"{kind.name}.npz", version=kind.version, rate=kind.khz * 1000, f0=bool(kind.f0), speakers=kind.speakers))
    others(folder)
    files = [p for p in sorted(folder.iterdir()) if p.suffix not in (".json", ".md")]
    sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    made_by = f"tests/python/make_rvc_models.py, rvc 0.3.5, torch {torch.__version__.split('+')[0]}"
    manifest = dict(made_by=made_by, frames=FRAMES, every=EVERY, ends=ENDS, voices=voices, sha256=sums)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
