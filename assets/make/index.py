"""Builds one faiss index per target voice by RVC's recipe, from the exported encoder."""
import faiss
import numpy as np

import common

LABELS = {"af_heart": "Heart (woman)", "am_michael": "Michael (man)"}
KEPT_BACK = 3             # clips of each target that no index holds: the judges compare with them
WANTED = 5000             # vectors


def clips_of(voice):
    return sorted((common.DATA / "tts").glob(f"{voice}_*.flac"))


def build(vectors):
    """IVF-Flat, L2, n_probe 1, lists as RVC chooses them."""
    rng = np.random.default_rng(common.SEED)
    vectors = np.ascontiguousarray(vectors[rng.permutation(len(vectors))], np.float32)
    lists = max(1, min(int(16 * np.sqrt(len(vectors))), len(vectors) // 39))
    index = faiss.index_factory(common.DIM, f"IVF{lists},Flat")
    index.cp.seed = 1234
    index.nprobe = 1
    index.train(vectors)
    for at in range(0, len(vectors), 8192):
        index.add(vectors[at:at + 8192])
    return index


def level(audio):
    """The level that the training speech had."""
    return (audio * min(0.07 / (np.sqrt(np.mean(audio ** 2)) + 1e-9), 0.98 / np.abs(audio).max())).astype(np.float32)


def main():
    faiss.omp_set_num_threads(1)
    run = common.session(common.PACK / "encoder.onnx")
    for voice in common.TARGET_VOICES:
        rows = []
        for file in clips_of(voice)[KEPT_BACK:]:
            audio = level(common.read_mono(file, common.RATE_IN))
            rows.append(run.run(None, {"source": audio[None, None]})[0][0])
        vectors = np.concatenate(rows)[:WANTED]
        index = build(vectors)
        faiss.write_index(index, str(common.PACK / f"{voice}.index"))
        print(voice, index.ntotal, "vectors", index.nlist, "lists")


if __name__ == "__main__":
    main()
