"""Exchanges index files with Voxmeld: `faiss_parity.py write DIR` writes indices and results, `compare DIR` searches
Voxmeld's indices and compares.

Queries are searched one by one: for batches of 20 and more faiss finds the nearest lists with a matrix product, which
rounds differently.
"""

import json
import sys
from pathlib import Path

import faiss
import numpy as np

K = 8


def search(index: faiss.Index, queries: np.ndarray, probes: int, factor: int) -> tuple[np.ndarray, np.ndarray]:
    base = index
    if isinstance(index, faiss.IndexRefine):
        index.k_factor = factor
        base = faiss.downcast_index(index.base_index)
    if isinstance(base, faiss.IndexIVF):
        base.nprobe = probes
    rows = [index.search(query[None], K) for query in queries]
    distances, ids = (np.concatenate(column) for column in zip(*rows))
    return ids.astype(np.int64), distances


def write(folder: Path) -> None:
    vectors, queries = np.load(folder / "vectors.npy"), np.load(folder / "queries.npy")
    for case in json.loads((folder / "cases.json").read_text()):
        metric = {"l2": faiss.METRIC_L2, "ip": faiss.METRIC_INNER_PRODUCT}[case["metric"]]
        index = faiss.index_factory(vectors.shape[1], case["factory"], metric)
        index.train(vectors)
        index.add(vectors)
        faiss.write_index(index, str(folder / f"{case['name']}_faiss.index"))
        ids, distances = search(index, queries, case["n_probe"], case["k_factor"])
        np.savez(folder / f"{case['name']}_faiss.npz", ids=ids, distances=distances)


def compare(folder: Path) -> None:
    queries = np.load(folder / "queries.npy")
    for case in json.loads((folder / "cases.json").read_text()):
        index = faiss.read_index(str(folder / f"{case['name']}.index"))
        ids, distances = search(index, queries, case["n_probe"], case["k_factor"])
        results = np.load(folder / f"{case['name']}.npz")
        assert np.array_equal(ids, results["ids"]), f"{case['name']}: other neighbours"
        found = ids >= 0
        worst = np.max(np.abs(distances - results["distances"])[found] / np.abs(distances[found]))
        assert worst < 1e-4, f"{case['name']}: distances off by {worst}"


if __name__ == "__main__":
    faiss.omp_set_num_threads(1)
    {"write": write, "compare": compare}[sys.argv[1]](Path(sys.argv[2]))
    print("passed")
