"""Makes the encoders of tests/data/import and PyTorch's answers to them: `make_hubert_models.py FOLDER [--full]`.

A HubertModel of transformers (5.23.0, with torch 2.15.0 and numpy 2.4.6) with random weights, tiny but with all twelve
layers, and ContentVec's `final_proj`: written as `pytorch_model.bin` and once more under fairseq's names, in the old
container and with the vocabulary object that fairseq puts beside the weights. Both have the same answers.
`--full` makes both, and a safetensors file, of real size (not for git).

The audio is not stored: it is made by `tone` here and by its twin in tests/tests/voices/encoder_weights.rs.
"""

import hashlib
import json
import pathlib
import sys
import types

import numpy as np
import safetensors.torch
import torch
from transformers import HubertConfig, HubertModel

SAMPLES = 400 + 320 * 73
# Weights are multiples of this, so that the files pack well in git.
GRID = 2.0**-6


def tone():
    """A voice-like sum of harmonics whose pitch and level move, in 32 bits."""
    n = np.arange(SAMPLES, dtype=np.float64)
    phase = 2 * np.pi * (120 * n / 16000 + 3 * np.sin(2 * np.pi * 2 * n / 16000))
    level = 0.1 + 0.08 * np.sin(2 * np.pi * 3 * n / 16000)
    return (level * sum(np.sin(k * phase) / k for k in range(1, 9))).astype(np.float32)


def model(full):
    torch.manual_seed(16)
    sizes = dict(hidden_size=768, num_attention_heads=12, intermediate_size=3072) if full else dict(
        hidden_size=128, num_attention_heads=2, intermediate_size=16, conv_dim=(16,) * 7)  # fmt: skip
    net = HubertModel(HubertConfig(num_hidden_layers=12, attn_implementation="eager", **sizes)).eval()
    net.final_proj = torch.nn.Linear(net.config.hidden_size, 256)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.endswith("original0"):
                p.uniform_(0.1, 0.3)
            elif p.dim() == 1 and name.endswith("weight"):
                p.uniform_(0.5, 1.5)
            elif p.dim() == 1:
                p.normal_(0, 0.02)
            else:
                # Peaked attention and a strong residual: all layers' outputs change with time.
                gains = [("conv_layers", 2.5), ("q_proj", 2.0), ("k_proj", 2.0), ("out_proj", 0.5)]
                gain = next((gain for part, gain in gains if part in name), 1.0)
                p.normal_(0, gain * p[0].numel() ** -0.5)
            if not full:
                p.copy_((p / GRID).round() * GRID)
    return net


def answers(net):
    with torch.no_grad():
        states = net(torch.from_numpy(tone())[None], output_hidden_states=True).hidden_states
        return dict(layer_9=net.final_proj(states[9])[0].numpy(), layer_12=states[12][0].numpy())


def fairseq_names(weights):
    """The same tensors under fairseq's names."""
    renamed = [
        (".conv_layers.0.layer_norm.", ".conv_layers.0.2."),
        (".conv.weight", ".0.weight"),
        ("feature_projection.layer_norm.", "layer_norm."),
        ("feature_projection.projection.", "post_extract_proj."),
        ("encoder.pos_conv_embed.conv.bias", "encoder.pos_conv.0.bias"),
        ("encoder.pos_conv_embed.conv.parametrizations.weight.original0", "encoder.pos_conv.0.weight_g"),
        ("encoder.pos_conv_embed.conv.parametrizations.weight.original1", "encoder.pos_conv.0.weight_v"),
        (".attention.", ".self_attn."),
        (".feed_forward.intermediate_dense.", ".fc1."),
        (".feed_forward.output_dense.", ".fc2."),
        ("masked_spec_embed", "mask_emb"),
    ]
    named = {}
    for name, p in weights.items():
        if name.startswith("encoder.layers."):
            name = name.replace(".layer_norm.", ".self_attn_layer_norm.")
        for old, new in renamed:
            name = name.replace(old, new)
        named[name] = p
    return named


def dictionary():
    """An object of the class of fairseq that its checkpoints hold."""
    module = types.ModuleType("fairseq.data.dictionary")
    module.Dictionary = type("Dictionary", (), {"__module__": "fairseq.data.dictionary"})
    sys.modules |= {"fairseq": types.ModuleType("fairseq"), "fairseq.data": types.ModuleType("fairseq.data"), module.__name__: module}
    words = module.Dictionary()
    words.symbols, words.indices = ["<s>", "<pad>"], {"<s>": 0, "<pad>": 1}
    return words


def main():
    folder, full = pathlib.Path(sys.argv[1]), "--full" in sys.argv
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    net = model(full)
    stored = {n: p if full else p.half() for n, p in net.state_dict().items()}
    net.load_state_dict({n: p.float() for n, p in stored.items()})
    made = answers(net)
    torch.save(stored, folder / "pytorch_model.bin")
    saved = dict(args=None, cfg={"_name": None}, model=fairseq_names(stored), task_state=dict(dictionaries=[dictionary()]))
    torch.save(saved, folder / "hubert_base.pt", _use_new_zipfile_serialization=False)
    files = ["pytorch_model.bin", "hubert_base.pt"]
    if full:
        safetensors.torch.save_file(stored, folder / "model.safetensors")
    np.savez(folder / "answers.npz", **made)
    for name, features in made.items():
        print(name, features.shape, f"rms {features.std():.3f}", f"between frames {abs(np.diff(features, axis=0)).mean():.3f}")
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files + ["answers.npz"]}
    made_by = f"tests/python/make_hubert_models.py, transformers 5.23.0, torch {torch.__version__.split('+')[0]}"
    (folder / "manifest.json").write_text(json.dumps(dict(made_by=made_by, samples=SAMPLES, sha256=sums), indent=1) + "\n")


if __name__ == "__main__":
    main()
