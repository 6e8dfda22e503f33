//! Every export is called by its Fortran name, as faiss does.

mod factors;
mod matrices;
mod names;
mod products;
