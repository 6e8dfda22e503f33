#!/usr/bin/env python3
"""Writes the small indices and expected results of this folder, with faiss through Python.

    python3 -m venv venv && venv/bin/pip install faiss-cpu==1.12.0 numpy==2.4.6
    venv/bin/python make.py

All vectors are random numbers from a fixed seed; none come from recordings.
"""

from pathlib import Path

import faiss
import numpy as np

HERE = Path(__file__).parent
DIM, LISTS, K = 16, 8, 8


def clusters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Vectors, and the centre of the smallest cluster. Seven clusters of about 28 vectors and one of 5: its list is shorter than K."""
    centres = rng.normal(0, 4, (LISTS, DIM))
    sizes = [28] * (LISTS - 1) + [5]
    rows = [centre + rng.normal(0, 0.7, (size, DIM)) for centre, size in zip(centres, sizes)]
    return rng.permutation(np.concatenate(rows)).astype(np.float32), centres[-1]


def rvc(scores: np.ndarray, ids: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """RVC's retrieval (its formula, in float32 like there): weights (1 / score)^2, normalised."""
    weight = np.square(1 / scores)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.sum(vectors[ids] * weight[:, :, None], axis=1)


def main() -> None:
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(23)
    vectors, small = clusters(rng)
    near = np.concatenate([vectors[rng.choice(len(vectors), 10, replace=False)], [small, small]])
    queries = (near + rng.normal(0, 0.4, near.shape)).astype(np.float32)
    np.save(HERE / "vectors.npy", vectors)
    np.save(HERE / "queries.npy", queries)

    for name, metric in [("l2", faiss.METRIC_L2), ("ip", faiss.METRIC_INNER_PRODUCT)]:
        index = faiss.index_factory(DIM, f"IVF{LISTS},Flat", metric)
        index.cp.min_points_per_centroid = 1
        index.train(vectors)
        if name == "l2":
            faiss.write_index(index, str(HERE / "trained_ivf8_l2.index"))
        index.add(vectors)
        faiss.write_index(index, str(HERE / f"ivf8_{name}.index"))
        answers = {"list_sizes": np.array([index.invlists.list_size(i) for i in range(LISTS)], np.int64)}
        for probes in [1, 3, LISTS]:
            index.nprobe = probes
            # Row by row: batches of 20 and more use BLAS, which rounds differently.
            rows = [index.search(query[None], K) for query in queries]
            distances, ids = (np.concatenate(column) for column in zip(*rows))
            answers[f"ids_{probes}"], answers[f"distances_{probes}"] = ids.astype(np.int64), distances
        if name == "l2":
            answers["retrieved"] = rvc(answers[f"distances_{LISTS}"], answers[f"ids_{LISTS}"], vectors)
            answers["blend075"] = answers["retrieved"] * np.float32(0.75) + np.float32(0.25) * queries
        np.savez(HERE / f"golden_{name}.npz", **answers)

        # 4-bit codes, scanned in blocks, then exact refinement (the kind that faiss's tuning guide recommends).
        quick = faiss.index_factory(DIM, f"IVF{LISTS},PQ8x4fs,RFlat", metric)
        faiss.downcast_index(quick.base_index).cp.min_points_per_centroid = 1
        quick.train(vectors)
        quick.add(vectors)
        quick.k_factor = 2
        faiss.write_index(quick, str(HERE / f"pqfs_{name}.index"))
        answers = {}
        for probes in [1, 3, LISTS]:
            faiss.downcast_index(quick.base_index).nprobe = probes
            for factor in [1, 2, 4]:
                quick.k_factor = factor
                rows = [quick.search(query[None], K) for query in queries]
                distances, ids = (np.concatenate(column) for column in zip(*rows))
                answers[f"ids_{probes}_{factor}"] = ids.astype(np.int64)
                answers[f"distances_{probes}_{factor}"] = distances
        np.savez_compressed(HERE / f"golden_pqfs_{name}.npz", **answers)

    flat = faiss.IndexFlatL2(DIM)
    flat.add(vectors[:50])
    faiss.write_index(flat, str(HERE / "flat_l2.index"))

    # Unsupported kinds.
    pq = faiss.index_factory(DIM, "PQ4x4")
    pq.train(vectors)
    pq.add(vectors)
    faiss.write_index(pq, str(HERE / "pq.index"))
    for name, factory in [("codes_alone", "IVF2,PQ2x4fs"), ("residual", "IVF2,PQ2x4fsr,RFlat")]:
        small_codes = faiss.index_factory(DIM, factory)
        small_codes.train(vectors)
        small_codes.add(vectors[:4])
        faiss.write_index(small_codes, str(HERE / f"{name}.index"))
    mapped = faiss.index_factory(DIM, "IVF2,Flat")
    mapped.train(vectors[:80])
    mapped.add_with_ids(vectors[:4], np.array([7, 70, 700, 7000]))
    faiss.write_index(mapped, str(HERE / "custom_ids.index"))
    # Sparse lists (most are empty), and each kind of id map in the file.
    sparse = faiss.index_factory(DIM, f"IVF{LISTS},Flat")
    sparse.cp.min_points_per_centroid = 1
    sparse.train(vectors)
    sparse.add(vectors[:2])
    sparse.set_direct_map_type(faiss.DirectMap.Array)
    faiss.write_index(sparse, str(HERE / "sparse_array_map.index"))
    sparse.set_direct_map_type(faiss.DirectMap.Hashtable)
    faiss.write_index(sparse, str(HERE / "sparse_hash_map.index"))


if __name__ == "__main__":
    main()
