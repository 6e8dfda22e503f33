//! Index files: the same results as faiss in Python, and indices that are built while a voice runs.

mod faiss_python;
mod indexing;
