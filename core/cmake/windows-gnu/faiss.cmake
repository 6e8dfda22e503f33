# Read after faiss's project(). faiss takes "Windows" for MSVC: its macros are replaced by GCC's (faiss_mingw.h), and
# the switch /bigobj, which GCC takes for a file, by its own.
include(${CMAKE_CURRENT_LIST_DIR}/../faiss.cmake)
add_compile_options(
  "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/faiss_mingw.h>"
  -Wa,-mbig-obj
  # GCC cannot align the stack for 32-byte vectors on Windows (its bug 54412).
  -Wa,-muse-unaligned-vector-move)
function(add_compile_options)
  if(NOT "/bigobj" IN_LIST ARGN)
    _add_compile_options(${ARGN})
  endif()
endfunction()
# <Windows.h>: file names have no case there.
include_directories(SYSTEM ${CMAKE_CURRENT_LIST_DIR}/include)
