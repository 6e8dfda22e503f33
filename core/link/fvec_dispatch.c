/*
 * faiss's two innermost functions, for processors with AVX2 and for all others, chosen at run time.
 *
 * Why this exists. faiss-sys builds faiss for every x86-64 processor, so its distances are computed four values
 * at a time, without fused multiply-add. faiss's own way to more is a second library for AVX2, to be chosen by
 * whoever links: then the plugin would need newer processors, or carry and tell apart two of everything. But
 * nearly all of a search's time is spent in `fvec_L2sqr` and `fvec_inner_product`, which the scanners of inverted
 * lists and the exact search call from other objects. The linker's `--wrap` (set by the build scripts of the
 * packages that link) sends those calls here.
 *
 * A package that does not set it gets faiss's own functions. A faiss in which they are called differently fails
 * to link, and names them.
 */
#include <cpuid.h>
#include <immintrin.h>
#include <stddef.h>

/* The linker's names for faiss's functions: `size_t` is `unsigned long`, but `unsigned long long` on Windows. */
#ifdef _WIN32
#define L2SQR(prefix) prefix##_ZN5faiss10fvec_L2sqrEPKfS1_y
#define INNER_PRODUCT(prefix) prefix##_ZN5faiss18fvec_inner_productEPKfS1_y
#else
#define L2SQR(prefix) prefix##_ZN5faiss10fvec_L2sqrEPKfS1_m
#define INNER_PRODUCT(prefix) prefix##_ZN5faiss18fvec_inner_productEPKfS1_m
#endif

typedef float distance(const float *, const float *, size_t);

/* faiss's own, by the linker's names for them. */
distance L2SQR(__real_);
distance INNER_PRODUCT(__real_);

#define AVX2 __attribute__((target("avx2,fma")))

AVX2 static float sum(__m256 a, __m256 b, __m256 c, __m256 d) {
    __m256 all = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

AVX2 static inline __m256 add_square(__m256 to, const float *x, const float *y) {
    __m256 apart = _mm256_sub_ps(_mm256_loadu_ps(x), _mm256_loadu_ps(y));
    return _mm256_fmadd_ps(apart, apart, to);
}

AVX2 static float l2sqr(const float *x, const float *y, size_t dim) {
    __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
    size_t i = 0;
    for (; i + 32 <= dim; i += 32) {
        a = add_square(a, x + i, y + i);
        b = add_square(b, x + i + 8, y + i + 8);
        c = add_square(c, x + i + 16, y + i + 16);
        d = add_square(d, x + i + 24, y + i + 24);
    }
    for (; i + 8 <= dim; i += 8)
        a = add_square(a, x + i, y + i);
    float rest = 0;
    for (; i < dim; i++)
        rest += (x[i] - y[i]) * (x[i] - y[i]);
    return sum(a, b, c, d) + rest;
}

AVX2 static inline __m256 add_product(__m256 to, const float *x, const float *y) {
    return _mm256_fmadd_ps(_mm256_loadu_ps(x), _mm256_loadu_ps(y), to);
}

AVX2 static float inner_product(const float *x, const float *y, size_t dim) {
    __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
    size_t i = 0;
    for (; i + 32 <= dim; i += 32) {
        a = add_product(a, x + i, y + i);
        b = add_product(b, x + i + 8, y + i + 8);
        c = add_product(c, x + i + 16, y + i + 16);
        d = add_product(d, x + i + 24, y + i + 24);
    }
    for (; i + 8 <= dim; i += 8)
        a = add_product(a, x + i, y + i);
    float rest = 0;
    for (; i < dim; i++)
        rest += x[i] * y[i];
    return sum(a, b, c, d) + rest;
}

/* Until the constructor below has run, and where the processor lacks what they need: faiss's own. */
static distance *chosen_l2sqr = L2SQR(__real_);
static distance *chosen_inner_product = INNER_PRODUCT(__real_);

/* Both have the instructions and a system that keeps the wide registers (Intel's manual, volume 1, 14.7.1). */
static int has_avx2_and_fma(void) {
    unsigned a, b, c, d;
    const unsigned wanted = bit_FMA | bit_OSXSAVE | bit_AVX;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & wanted) != wanted)
        return 0;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 6) != 6)
        return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2);
}

__attribute__((constructor)) static void choose(void) {
    if (has_avx2_and_fma()) {
        chosen_l2sqr = l2sqr;
        chosen_inner_product = inner_product;
    }
}

float L2SQR(__wrap_)(const float *x, const float *y, size_t dim) {
    return chosen_l2sqr(x, y, dim);
}

float INNER_PRODUCT(__wrap_)(const float *x, const float *y, size_t dim) {
    return chosen_inner_product(x, y, dim);
}
