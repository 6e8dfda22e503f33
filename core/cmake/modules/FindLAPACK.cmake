# Nothing to link here: see ../faiss.cmake.
set(LAPACK_FOUND TRUE)
set(LAPACK_LIBRARIES "")
