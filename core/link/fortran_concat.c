/*
 * Fortran's `//` operator, the only part of the Fortran runtime that OpenBLAS's LAPACK calls from what faiss
 * uses (to build the two-letter option strings that it asks for block sizes with).
 *
 * Linking GCC's libgfortran.a for it would bring along a load-time constructor that sets up Fortran's standard
 * units inside the host's process, and libquadmath with its own licence. The name and the argument order are
 * GCC's calling convention for character expressions. If an OpenBLAS needs more of the runtime, the link fails
 * and names it.
 */
#include <stddef.h>
#include <string.h>

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void _gfortran_concat_string(
    size_t out_len, char *out, size_t left_len, const char *left, size_t right_len, const char *right) {
    size_t from_left = least(left_len, out_len);
    size_t from_right = least(right_len, out_len - from_left);
    memcpy(out, left, from_left);
    memcpy(out + from_left, right, from_right);
    /* Fortran strings have no end mark: what is left over is blank. */
    memset(out + from_left + from_right, ' ', out_len - from_left - from_right);
}
