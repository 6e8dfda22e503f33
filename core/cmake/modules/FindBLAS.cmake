# Nothing to link here: see ../faiss.cmake.
set(BLAS_FOUND TRUE)
set(BLAS_LIBRARIES "")
