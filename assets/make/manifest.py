"""Writes pack.json: what the engine reads, with a checksum for every file."""
import hashlib
import json
import shutil

import common
from hubert import LOOKAHEAD
from index import LABELS
from synth import REACH

# what the encoder is shown where it remembers nothing: at the beginning, and after a gap (425 ms)
WINDOW = common.FIELD + 20 * common.HOP_IN

# medians of the voiced frames of each target's recordings
F0_MEDIAN_HZ = {"af_heart": 185.0, "am_michael": 111.0}


def entry(file, /, **more):
    data = (common.PACK / file).read_bytes()
    return {"file": file, "sha256": hashlib.sha256(data).hexdigest(), **more}


def main():
    shutil.copyfile(common.SHARED / "models" / "swift_f0_0.3.0.onnx", common.PACK / "swift_f0.onnx")
    manifest = {
        "format": 1,
        "name": "Voxmeld default",
        "encoder": entry("encoder.onnx", dim=common.DIM, window_ms=WINDOW * 1000 // common.RATE_IN,
                         lookahead_frames=LOOKAHEAD, input_normalize=False,
                         content={"columns": common.CONTENT, "share": common.CONTENT_SHARE},
                         detail={"columns": common.DETAIL, "settle_frames": common.DETAIL_SETTLES,
                                 "quick": common.DETAIL_QUICK}),
        "pitch": entry("swift_f0.onnx"),
        "synthesizer": entry("synthesizer.onnx", sample_rate_hz=common.RATE_OUT,
                             samples_per_frame=common.UPP, context_frames_100hz=REACH,
                             lookahead_frames_100hz=0, interface="rvc"),
        "indices": [entry(f"{v}.index", name=v, label=LABELS[v], f0_median_hz=F0_MEDIAN_HZ[v])
                    for v in common.TARGET_VOICES],
        "licence": "MIT OR Apache-2.0 (encoder, synthesizer, indices); MIT (swift_f0.onnx)",
        "origin": "Trained by assets/make on synthetic speech (Kokoro-82M, Apache-2.0) and CC-BY-3.0 "
                  "telephone prompts; see MODEL_CARD.md",
    }
    (common.PACK / "pack.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    total = sum(f.stat().st_size for f in common.PACK.iterdir())
    print(f"{total / 1e6:.2f} MB in the pack")


if __name__ == "__main__":
    main()
