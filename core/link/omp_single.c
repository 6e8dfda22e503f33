/*
 * OpenMP for one thread: the 24 entry points that faiss's objects call.
 *
 * Why this exists. GCC's static libgomp is not position-independent, so a plugin would have to ship
 * libgomp.so.1, and the dynamic loader would then hand us whichever libgomp.so.1 the host has already
 * loaded: one runtime, with one set of settings, shared with strangers. Its thread teams also cost a
 * real-time search dearly (a barrier waits for the slowest core: a few microseconds become milliseconds on a
 * loaded machine). Here every parallel region is a team of one, on the calling thread. That faiss never
 * starts a thread is then true by construction, and nothing is shipped.
 *
 * A team of one is always allowed: an implementation may give fewer threads than a region asks for. What
 * must still be real are the locks, because several plugin instances call faiss at once.
 *
 * The entry points are those that GCC's lowering of `#pragma omp` emits, as the OpenMP 4.5 text and GCC's
 * manual describe them. A newer faiss that needs one more fails to link and names it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

/* Regions: the calling thread is the team. */

void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags) {
    (void)threads;
    (void)flags;
    body(data);
}

void GOMP_barrier(void) {}

bool GOMP_single_start(void) { return true; }

/* Loops with a run-time schedule: the first chunk is the whole range, and there is no second. */

static bool whole_range(long start, long end, long step, long *from, long *to) {
    *from = start;
    *to = end;
    return step > 0 ? start < end : start > end;
}

bool GOMP_loop_nonmonotonic_dynamic_start(long start, long end, long step, long chunk, long *from, long *to) {
    (void)chunk;
    return whole_range(start, end, step, from, to);
}

bool GOMP_loop_nonmonotonic_guided_start(long start, long end, long step, long chunk, long *from, long *to) {
    (void)chunk;
    return whole_range(start, end, step, from, to);
}

bool GOMP_loop_nonmonotonic_dynamic_next(long *from, long *to) {
    (void)from;
    (void)to;
    return false;
}

bool GOMP_loop_nonmonotonic_guided_next(long *from, long *to) {
    (void)from;
    (void)to;
    return false;
}

/* The same for 64-bit counters where `long` has 32 bits (Windows). */

static bool whole_range_ull(bool up, unsigned long long start, unsigned long long end, unsigned long long *from, unsigned long long *to) {
    *from = start;
    *to = end;
    return up ? start < end : start > end;
}

bool GOMP_loop_ull_nonmonotonic_dynamic_start(bool up, unsigned long long start, unsigned long long end, unsigned long long step, unsigned long long chunk, unsigned long long *from, unsigned long long *to) {
    (void)step;
    (void)chunk;
    return whole_range_ull(up, start, end, from, to);
}

bool GOMP_loop_ull_nonmonotonic_guided_start(bool up, unsigned long long start, unsigned long long end, unsigned long long step, unsigned long long chunk, unsigned long long *from, unsigned long long *to) {
    (void)step;
    (void)chunk;
    return whole_range_ull(up, start, end, from, to);
}

bool GOMP_loop_ull_nonmonotonic_dynamic_next(unsigned long long *from, unsigned long long *to) {
    (void)from;
    (void)to;
    return false;
}

bool GOMP_loop_ull_nonmonotonic_guided_next(unsigned long long *from, unsigned long long *to) {
    (void)from;
    (void)to;
    return false;
}

void GOMP_loop_end(void) {}

void GOMP_loop_end_nowait(void) {}

/* Mutual exclusion between callers: threads that are not of one team still share these. */

static pthread_mutex_t critical_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t atomic_mutex = PTHREAD_MUTEX_INITIALIZER;

void GOMP_critical_start(void) { pthread_mutex_lock(&critical_mutex); }

void GOMP_critical_end(void) { pthread_mutex_unlock(&critical_mutex); }

void GOMP_atomic_start(void) { pthread_mutex_lock(&atomic_mutex); }

void GOMP_atomic_end(void) { pthread_mutex_unlock(&atomic_mutex); }

/* omp_lock_t is four bytes in the ABI that faiss is compiled against: an int holds 0 = free, 1 = taken. */

void omp_init_lock(int *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELAXED); }

void omp_destroy_lock(int *lock) { (void)lock; }

void omp_set_lock(int *lock) {
    /* Never contended in our use (two callers never build one graph), so yielding is enough. */
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
        sched_yield();
    }
}

void omp_unset_lock(int *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

/* What the library asks about itself. */

int omp_get_thread_num(void) { return 0; }

int omp_get_num_threads(void) { return 1; }

int omp_get_max_threads(void) { return 1; }

int omp_in_parallel(void) { return 0; }

int omp_get_nested(void) { return 0; }

void omp_set_nested(int nested) { (void)nested; }

void omp_set_num_threads(int threads) { (void)threads; }
