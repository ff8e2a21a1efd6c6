#define _GNU_SOURCE
#include "CSkein.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

// MARK: Words

uint32_t skein_exchange_u32(void *word, uint32_t value) {
  return __atomic_exchange_n((uint32_t *)word, value, __ATOMIC_SEQ_CST);
}

uint64_t skein_add_u64(void *word, uint64_t value) {
  return __atomic_add_fetch((uint64_t *)word, value, __ATOMIC_SEQ_CST);
}

bool skein_replace_u32(void *word, uint32_t expected, uint32_t desired) {
  return __atomic_compare_exchange_n(
      (uint32_t *)word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool skein_replace_u64(void *word, uint64_t expected, uint64_t desired) {
  return __atomic_compare_exchange_n(
      (uint64_t *)word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

// MARK: Memory

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

int skein_make_shared_memory(uint64_t size) {
  // The kernel would take pages until it kills somebody.
  struct sysinfo machine;
  if (sysinfo(&machine) == 0 && size / machine.mem_unit > machine.totalram) return -ENOMEM;
  int descriptor = memfd_create("skein", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return -errno;
  int failure = 0;
  if (ftruncate(descriptor, (off_t)size) < 0) {
    failure = errno;
  } else {
    // Now, or else a machine whose memory is full tells it by SIGBUS at the first touch.
    do failure = posix_fallocate(descriptor, 0, (off_t)size);
    while (failure == EINTR);
  }
  if (failure == 0 && fcntl(descriptor, F_ADD_SEALS, SEALS) < 0) failure = errno;
  if (failure == 0) return descriptor;
  close(descriptor);
  return -failure;
}

int skein_map_shared_memory(int descriptor, size_t size, void **address) {
  int seals = fcntl(descriptor, F_GET_SEALS);
  if (seals < 0) return -errno;
  if ((seals & SEALS) != SEALS) return -EPERM;
  void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED) return -errno;
  *address = mapped;
  return 0;
}

int skein_unmap_shared_memory(void *address, size_t size) { return munmap(address, size) < 0 ? -errno : 0; }

int skein_identify_memory(int descriptor, uint64_t *device, uint64_t *inode, uint64_t *size) {
  struct stat information;
  if (fstat(descriptor, &information) < 0) return -errno;
  *device = information.st_dev;
  *inode = information.st_ino;
  *size = (uint64_t)information.st_size;
  return 0;
}

// MARK: Locks

size_t skein_shared_mutex_size(void) { return sizeof(pthread_mutex_t); }

int skein_shared_mutex_make(void *mutex) {
  pthread_mutexattr_t attributes;
  int failure = pthread_mutexattr_init(&attributes);
  if (failure != 0) return -failure;
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  failure = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return -failure;
}

static int entered(pthread_mutex_t *mutex, int result) {
  if (result != EOWNERDEAD) return -result;
  pthread_mutex_consistent(mutex);
  return 1;
}

// Whoever has the lock of a shared object gives it back in less time than a thread takes to fall asleep and to be woken.
static int try_for_a_while(pthread_mutex_t *mutex) {
  static _Atomic int known;
  int processors = known;
  if (processors == 0) known = processors = skein_allowed_processors();
  int result = pthread_mutex_trylock(mutex);
  for (int round = 0; result == EBUSY && processors > 1 && round < 32; round++) {
    for (int pause = 0; pause < 16; pause++) skein_spin_hint();
    result = pthread_mutex_trylock(mutex);
  }
  return result;
}

int skein_shared_mutex_lock(void *mutex, int64_t deadline) {
  int result = try_for_a_while(mutex);
  if (result != EBUSY) return entered(mutex, result);
  if (deadline < 0) return entered(mutex, pthread_mutex_lock(mutex));
  struct timespec until = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
  return entered(mutex, pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until));
}

int skein_shared_mutex_try(void *mutex) {
  // glibc says EBUSY to the owner as well, unless it is asked with a time that has passed.
  int result = entered(mutex, pthread_mutex_trylock(mutex));
  if (result != -EBUSY) return result;
  struct timespec past = {0, 0};
  result = entered(mutex, pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &past));
  return result == -ETIMEDOUT ? -EBUSY : result;
}

int skein_shared_mutex_unlock(void *mutex) { return -pthread_mutex_unlock(mutex); }

// MARK: Processes

int64_t skein_process_start(pid_t process) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? -ESRCH : -errno;
  ssize_t length = read(file, text, sizeof text - 1);
  int failure = errno;
  close(file);
  if (length < 0) return -failure;
  text[length] = 0;
  // The name may hold anything, a parenthesis too: its last one ends it.
  const char *field = strrchr(text, ')');
  char state = 0;
  unsigned long long start = 0;
  int found = field == NULL ? 0 : sscanf(
      field + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &state, &start);
  if (found != 2 || state == 'Z' || state == 'X' || state == 'x') return -ESRCH;
  return (int64_t)start;
}

// MARK: Futexes

int skein_futex_wait_any(
    const void *const *words, const uint32_t *expected, size_t count, size_t private_count, int64_t deadline) {
#ifdef SYS_futex_waitv
  struct futex_waitv waits[SKEIN_MAX_WAITED_WORDS];
  if (count > SKEIN_MAX_WAITED_WORDS) return -EINVAL;
  memset(waits, 0, sizeof waits);
  for (size_t index = 0; index < count; index++) {
    waits[index].uaddr = (uintptr_t)words[index];
    waits[index].val = expected[index];
    waits[index].flags = FUTEX_32 | (index < private_count ? FUTEX_PRIVATE_FLAG : 0);
  }
  struct timespec until = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
  long result = syscall(
      SYS_futex_waitv, waits, (unsigned)count, 0, deadline < 0 ? NULL : &until, CLOCK_MONOTONIC);
  return result >= 0 ? 0 : -errno;
#else
  (void)words, (void)expected, (void)count, (void)private_count, (void)deadline;
  return -ENOSYS;
#endif
}
