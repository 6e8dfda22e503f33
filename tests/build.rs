//! Link arguments for faiss.

include!("../core/link/fvec_link_arguments.rs.in");
