# Read after faiss's project(): BLAS and LAPACK are found by `modules`, on a system with or without libraries of
# these names. They are exports of the package voxmeld-core (core/src/blas), which is linked later.
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/modules)
