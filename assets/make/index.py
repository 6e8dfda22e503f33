"""Builds one index per target voice with the product's own builder, from the exported encoder."""
import argparse
import subprocess

import numpy as np
import soundfile

import common

LABELS = {"af_heart": "Heart (woman)", "am_michael": "Michael (man)"}
# few lists: with n_probe = 1 one of 309 (RVC's count for as many vectors) misses so many neighbours that a
# sixth of the words go with them, and one of 16 is still searched in well under a tenth of a millisecond
FACTORY = "IVF16,Flat"
KEPT_BACK = 3             # clips of each target that no index holds: the judges compare with them


def clips_of(voice):
    return sorted((common.DATA / "tts").glob(f"{voice}_*.flac"))


def level(audio):
    """The level that the training speech had."""
    return (audio * min(0.07 / (np.sqrt(np.mean(audio ** 2)) + 1e-9), 0.98 / np.abs(audio).max())).astype(np.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cli", required=True, help="voxmeld-cli")
    parser.add_argument("--clips", type=int, default=10 ** 9, help="recordings per target")
    args = parser.parse_args()
    for voice in common.TARGET_VOICES:
        folder = common.DATA / "takes" / voice
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.wav"):
            file.unlink()
        for file in clips_of(voice)[KEPT_BACK:KEPT_BACK + args.clips]:
            audio = level(common.read_mono(file, common.RATE_OUT))
            soundfile.write(folder / f"{file.stem}.wav", audio, common.RATE_OUT, subtype="PCM_16")
        target = common.PACK / f"{voice}.index"
        target.unlink(missing_ok=True)
        subprocess.run([args.cli, "index", "build", "--wavs", folder, "--encoder", common.PACK / "encoder.onnx",
                        "-o", target, "--seed", "1234", "--factory", FACTORY], check=True)


if __name__ == "__main__":
    main()
