"""Writes one small index of each kind that Voxmeld converts when it opens it, and faiss's answers:

    python3 -m venv venv && venv/bin/pip install faiss-cpu==1.12.0 numpy==2.4.6
    venv/bin/python tests/python/make_faiss_kinds.py tests/data/retrieval/kinds

An answer is what an exact search of faiss finds among the vectors that faiss reconstructs from the file, in the order
of their ids. All vectors are random numbers from a fixed seed; none come from recordings.
"""

import sys
from pathlib import Path

import faiss
import numpy as np

DIM, COUNT, K = 16, 60, 8
L2, IP = faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT

# Name, factory string, metric.
FACTORY = [
    ("ivf_hnsw", "IVF8_HNSW4,Flat", L2),
    ("ivf_of_ivf", "IVF8(IVF2,Flat),Flat", L2),
    ("ivf_hnsw_sq8", "IVF8(HNSW4,SQ8),PQ4x4", L2),
    ("imi", "IMI2x2,Flat", L2),
    ("imi_pq", "IMI2x2,PQ4x4", L2),
    ("ivf_rcq", "IVF16(RCQ2x2),PQ4x4", L2),
    ("ivf_pq", "IVF4,PQ4x4", L2),
    ("ivf_pq_ip", "IVF4,PQ4x6", IP),
    ("ivf_pq8", "IVF4,PQ2x8", L2),
    ("ivf_pq_odd", "IVF4,PQ4x5", L2),
    ("ivf_pqfs", "IVF4,PQ8x4fs", L2),
    ("ivf_pqfs_ip", "IVF4,PQ8x4fs", IP),
    ("ivf_pqfs_residual", "IVF4,PQ8x4fsr", L2),
    ("ivf_sq8", "IVF4,SQ8", L2),
    ("ivf_sq8_ip", "IVF4,SQ8", IP),
    ("ivf_sq4", "IVF4,SQ4", L2),
    ("ivf_sq6", "IVF4,SQ6", L2),
    ("ivf_sqfp16", "IVF4,SQfp16", L2),
    ("ivf_sqfp16_ip", "IVF4,SQfp16", IP),
    ("ivf_sqbf16", "IVF4,SQbf16", L2),
    ("pq", "PQ4x4", L2),
    ("pqfs", "PQ8x4fs", L2),
    ("pqfs_ip", "PQ8x4fs", IP),
    ("sq8", "SQ8", L2),
    ("sqfp16", "SQfp16", IP),
    ("opq_ivf_pq", "OPQ4,IVF4,PQ4x4", L2),
    ("opq_smaller", "OPQ4_8,IVF4,PQ4x4", L2),
    ("opq_pqfs_refined", "OPQ8,IVF4,PQ8x4fs,RFlat", L2),
    ("pca", "PCA8,IVF4,Flat", L2),
    ("pca_rotated", "PCAR8,IVF4,SQ8", L2),
    ("pca_whitened", "PCAW8,IVF4,Flat", L2),
    ("rotation", "RR16,IVF4,Flat", IP),
    ("rotation_larger", "RR24,Flat", L2),
    ("padded", "Pad20,IVF4,PQ4x4", L2),
    ("l2norm", "L2norm,IVF4,Flat", IP),
    ("l2norm_pca", "L2norm,PCA8,IVF4,PQ4x4", L2),
    ("hnsw", "HNSW4,Flat", L2),
    ("hnsw_ip", "HNSW4,Flat", IP),
    ("hnsw_sq8", "HNSW4_SQ8", L2),
    ("hnsw_pq", "HNSW4_PQ4x4", L2),
    ("refined_pq", "IVF4,PQ4x4,RFlat", L2),
    ("refined_pq_ip", "IVF4,PQ4x4,RFlat", IP),
    ("refined_sqfp16", "IVF4,PQ4x4,Refine(SQfp16)", L2),
]


def scalar(kind: int, residual: bool) -> faiss.Index:
    quantizer = faiss.IndexFlatL2(DIM)
    index = faiss.IndexIVFScalarQuantizer(quantizer, DIM, 4, kind, L2, residual)
    index.own_fields = True
    quantizer.this.disown()
    return index


def built() -> list[tuple[str, faiss.Index]]:
    """Kinds without a factory string."""
    centred = faiss.IndexPreTransform(faiss.CenteringTransform(DIM), faiss.index_factory(DIM, "IVF4,Flat"))
    centred.prepend_transform(faiss.CenteringTransform(DIM))
    pqr_lists = faiss.IndexFlatL2(DIM)
    pqr = faiss.IndexIVFPQR(pqr_lists, DIM, 4, 4, 4, 4, 4)
    separate_lists = faiss.IndexFlatL2(DIM)
    separate = faiss.IndexIVFIndependentQuantizer(
        separate_lists, faiss.index_factory(8, "IVF4,PQ4x4"), faiss.OPQMatrix(DIM, 4, 8)
    )
    built.alive = [pqr_lists, separate_lists]  # the indices only point to them
    return [
        ("centred", centred),
        ("ivf_pqr", pqr),
        ("independent_lists", separate),
        ("ivf_sq8_residual", scalar(faiss.ScalarQuantizer.QT_8bit, True)),
        ("ivf_sq8_one_range", scalar(faiss.ScalarQuantizer.QT_8bit_uniform, False)),
        ("ivf_sq4_one_range", scalar(faiss.ScalarQuantizer.QT_4bit_uniform, True)),
        ("nsg", faiss.IndexNSGFlat(DIM, 4)),
        ("nn_descent", faiss.IndexNNDescentFlat(DIM, 8)),
    ]


def whitened(index: faiss.IndexPreTransform) -> np.ndarray:
    """faiss reverses no matrix that scales: by numpy's pseudo-inverse."""
    matrix = faiss.downcast_VectorTransform(index.chain.at(0))
    a = faiss.vector_to_array(matrix.A).reshape(matrix.d_out, matrix.d_in)
    inner = faiss.downcast_index(index.index)
    inner.make_direct_map()
    moved = inner.reconstruct_n(0, inner.ntotal) - faiss.vector_to_array(matrix.b)
    return (moved @ np.linalg.pinv(a.astype(np.float64)).T).astype(np.float32)


def vectors_of(name: str, index: faiss.Index, vectors: np.ndarray) -> np.ndarray:
    if name == "pca_whitened":
        return whitened(index)
    if name == "independent_lists":
        inner = faiss.downcast_index(index.index_ivf)
        inner.make_direct_map()
        return index.vt.reverse_transform(inner.reconstruct_n(0, inner.ntotal))
    if name == "ivf_dedup":
        return vectors
    if isinstance(index, faiss.IndexIDMap):
        inner = faiss.downcast_index(index.index)
        if isinstance(inner, faiss.IndexIVF):
            inner.make_direct_map()
        ids = faiss.vector_to_array(index.id_map)
        return inner.reconstruct_n(0, inner.ntotal)[np.argsort(ids, kind="stable")]
    if isinstance(index, faiss.IndexRefine):
        return faiss.downcast_index(index.refine_index).reconstruct_n(0, index.ntotal)
    return index.reconstruct_n(0, index.ntotal)


def main(folder: Path) -> None:
    faiss.omp_set_num_threads(1)
    faiss.cvar.distance_compute_blas_threshold = 1 << 30  # sums as in a search of one
    rng = np.random.default_rng(61)
    train = rng.normal(0, 1, (640, DIM)).astype(np.float32)
    vectors = rng.normal(0, 1, (COUNT, DIM)).astype(np.float32)
    many = rng.normal(0, 1, (2 * COUNT, DIM)).astype(np.float32)
    queries = rng.normal(0, 1, (12, DIM)).astype(np.float32)
    answers = {"queries": queries}

    def keep(name: str, index: faiss.Index, found: np.ndarray | None = None) -> None:
        faiss.write_index(index, str(folder / f"{name}.index"))
        # faiss may change its own state while it reconstructs; the file is as it was before.
        if found is None:
            found = vectors_of(name, index, vectors)
        exact = faiss.IndexFlat(DIM, index.metric_type)
        exact.add(found)
        distances, ids = exact.search(queries, K)
        answers[f"{name}_ids"] = ids.astype(np.int16)
        answers[f"{name}_distances"] = distances
        answers[f"{name}_every_7th"] = found[::7]

    kinds = [(name, faiss.index_factory(DIM, factory, metric)) for name, factory, metric in FACTORY] + built()
    for name, index in kinds:
        index.train(train)
        index.add(many if name in ("nsg", "nn_descent") else vectors)
        keep(name, index)

    own_ids = (7 * np.arange(COUNT, dtype=np.int64) + 1000) % 421 - 5  # neither sorted nor from 0 on
    for name, factory in [("id_map", "IDMap,IVF4,Flat"), ("id_map_pq", "IDMap,IVF4,PQ4x4"), ("id_map2", "IDMap2,Flat")]:
        index = faiss.index_factory(DIM, factory)
        index.train(train)
        index.add_with_ids(vectors, own_ids)
        keep(name, index)
    ivf = faiss.index_factory(DIM, "IVF4,Flat")
    ivf.train(train)
    ivf.add_with_ids(vectors, own_ids)
    keep("ivf_own_ids", ivf, vectors[np.argsort(own_ids)])
    deduplicated = faiss.index_factory(DIM, "IVF4,FlatDedup")
    deduplicated.train(train)
    vectors[30:] = vectors[:30]
    deduplicated.add(vectors)
    keep("ivf_dedup", deduplicated, vectors)
    np.savez_compressed(folder / "golden.npz", **answers)

    # Kinds that keep no vectors, or codes that are not read.
    for name, factory in [("lsh", "LSH"), ("ivf_rq", "IVF4,RQ2x4"), ("ivf_rabitq", "IVF4,RaBitQ"), ("itq", "ITQ8,LSH")]:
        index = faiss.index_factory(DIM, factory)
        index.train(train)
        index.add(vectors[:8])
        faiss.write_index(index, str(folder / f"unsupported_{name}.index"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
