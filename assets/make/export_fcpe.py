"""Exports FCPE, the pitch tracker of the package `torchfcpe` (MIT), to ONNX: `export_fcpe.py OUT.onnx`.

`pip install torch torchfcpe==0.0.4 einops local-attention onnx`. The weights are in the package; its file and theirs are checked by sha256. The model takes `mel`
f32 [1,F,128] (FCPE's spectra, every 160 samples of 16 kHz) and `threshold` f32 [], and gives `pitchf` f32 [1,F] in Hz, 0 where no step is more likely than
the threshold. It is not part of the default pack: choose the file in the editor, on the page Pitch.
"""

import hashlib
import importlib.util
import pathlib
import sys
import types

import torch

WEIGHTS = "fcpe_c_v001.pt"
WEIGHTS_SHA256 = "b9aeaeb673436eeda50ceafd632aa681aa63417e52eae4207503d180c9b10015"
FRAMES = 64


class Tracker(torch.nn.Module):
    """Spectra to a pitch: the model and its local decoder, in operations that an exporter knows."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, mel, threshold):
        latent = self.model(mel)
        confidence, best = torch.max(latent, dim=-1, keepdim=True)
        around = (best + torch.arange(-4, 5)).clamp(0, latent.shape[-1] - 1)
        likely = torch.gather(latent, -1, around)
        cents = (self.model.cent_table[around] * likely).sum(-1) / likely.sum(-1)
        hz = 10.0 * torch.pow(2.0, cents / 1200.0)
        return torch.where(confidence[..., 0] > threshold, hz, torch.zeros_like(hz))


def package():
    """torchfcpe's folder, without importing it: that needs torchaudio, for a resampler that is not used here."""
    found = importlib.util.find_spec("torchfcpe")
    if found is None:
        sys.exit("torchfcpe is not installed")
    folder = pathlib.Path(found.submodule_search_locations[0])
    bare = types.ModuleType("torchfcpe")
    bare.__path__ = [str(folder)]
    sys.modules["torchfcpe"] = bare
    return folder


def load(folder):
    from torchfcpe.models import CFNaiveMelPE

    path = folder / "assets" / WEIGHTS
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 != WEIGHTS_SHA256:
        sys.exit(f"{path} has sha256 {sha256}, expected {WEIGHTS_SHA256}")
    saved = torch.load(path, map_location="cpu")
    settings, mel = saved["config_dict"]["model"], saved["config_dict"]["mel"]
    known = ("out_dims", "hidden_dims", "n_layers", "n_heads", "f0_max", "f0_min", "use_fa_norm", "conv_only", "conv_dropout",
             "atten_dropout", "use_harmonic_emb")
    model = CFNaiveMelPE(mel["num_mels"], **{name: settings[name] for name in known if name in settings})
    model.load_state_dict(saved["model"])
    return model.eval()


def main():
    out = pathlib.Path(sys.argv[1])
    tracker = Tracker(load(package()))
    mel, threshold = torch.randn(1, FRAMES, 128) - 5.0, torch.tensor(0.006)
    with torch.no_grad():
        torch.onnx.export(tracker, (mel, threshold), str(out), input_names=["mel", "threshold"], output_names=["pitchf"],
                          dynamic_axes={"mel": {1: "frames"}, "pitchf": {1: "frames"}}, opset_version=14)
    print(f"{out}: {out.stat().st_size} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
