/*
 * One lock around OpenBLAS's table of work buffers.
 *
 * Debian builds the serial OpenBLAS without locking: two threads that multiply matrices at the same moment can be
 * handed the same work buffer, and both products are then wrong (measured: some 50,000 wrong of 18 million small
 * products by three threads on two cores; none with this lock). A host with two instances of a plugin does just
 * that. The threaded OpenBLAS locks, but starts threads inside the host.
 *
 * build.rs takes a copy of the archive and renames the two unlocked functions in it to the names used here.
 */
#include <pthread.h>

void *voxmeld_unlocked_blas_memory_alloc(int position);
void voxmeld_unlocked_blas_memory_free(void *buffer);

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;

void *blas_memory_alloc(int position) {
    pthread_mutex_lock(&table);
    void *buffer = voxmeld_unlocked_blas_memory_alloc(position);
    pthread_mutex_unlock(&table);
    return buffer;
}

void blas_memory_free(void *buffer) {
    pthread_mutex_lock(&table);
    voxmeld_unlocked_blas_memory_free(buffer);
    pthread_mutex_unlock(&table);
}
