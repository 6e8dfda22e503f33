# The toolchain file of `.cargo/config.toml`: the system's own compilers, and for faiss what faiss.cmake says.
set(CMAKE_PROJECT_faiss_INCLUDE ${CMAKE_CURRENT_LIST_DIR}/faiss.cmake)
