//! The BLAS and LAPACK functions that faiss calls, under their Fortran names, over Rust crates.
//!
//! faiss asks the linker for eleven functions. A library of the system would be another one in every distribution,
//! some start threads, and one that a host has loaded already would be taken instead of ours. So they are here:
//! products by `matrixmultiply` (AVX2 and FMA where the processor has them, on the calling thread alone), everything
//! else by `nalgebra` in double precision.
//!
//! faiss searches without them below 20 queries. Products are half of the time of building an index; LAPACK is only
//! used where a factory string asks for a rotation, PCA or an additive quantizer.
//!
//! Thread: any but audio. No state, no lock; may be called by several threads at once.

mod columns;
mod eigen;
mod exports;
mod factors;
mod least_squares;
mod product;
mod singular;
#[cfg(test)]
mod tests;

pub use exports::is_linked;
