#define _GNU_SOURCE
#include "FixtureFaults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct faults {
  _Atomic int64_t clock_offset;
  _Atomic int64_t write_error;
  _Atomic int64_t sync_error;
  _Atomic int64_t calls;
  _Atomic int64_t death;
  _Atomic int64_t is_torn;
};

// Set before main, and never changed.
static struct faults *faults;

__attribute__((constructor)) static void find_faults(void) {
  const char *path = getenv("SKEIN_FAULTS");
  if (!path) return;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) _exit(65);
  void *memory = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) _exit(65);
  faults = memory;
}

// MARK: The wall clock

typedef int clock_reader(clockid_t, struct timespec *);

int clock_gettime(clockid_t clock, struct timespec *time) {
  static _Atomic(clock_reader *) original;
  clock_reader *read = atomic_load(&original);
  if (!read) {
    read = (clock_reader *)dlsym(RTLD_NEXT, "clock_gettime");
    atomic_store(&original, read);
  }
  int result = read(clock, time);
  if (result != 0 || !faults || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
  int64_t offset = atomic_load(&faults->clock_offset);
  time->tv_sec += offset / 1000000000;
  time->tv_nsec += offset % 1000000000;
  if (time->tv_nsec < 0) {
    time->tv_nsec += 1000000000;
    time->tv_sec -= 1;
  } else if (time->tv_nsec >= 1000000000) {
    time->tv_nsec -= 1000000000;
    time->tv_sec += 1;
  }
  return 0;
}

void fixture_set_clock_offset(int64_t nanoseconds) {
  if (faults) atomic_store(&faults->clock_offset, nanoseconds);
}

// MARK: The disk

/// Counts a call; says whether it is the process's last.
static bool is_last(void) {
  return faults && atomic_fetch_add(&faults->calls, 1) + 1 == atomic_load(&faults->death);
}

static void die(void) {
  kill(getpid(), SIGKILL);
  while (true) pause();
}

static int64_t error_of_writes(void) { return faults ? atomic_load(&faults->write_error) : 0; }

static int64_t error_of_syncs(void) { return faults ? atomic_load(&faults->sync_error) : 0; }

static ssize_t write_at(int file, const void *bytes, size_t count, int64_t offset) {
  if (is_last()) {
    if (atomic_load(&faults->is_torn)) syscall(SYS_pwrite64, file, bytes, count / 2, offset);
    die();
  }
  int64_t error = error_of_writes();
  if (error) {
    errno = (int)error;
    return -1;
  }
  return syscall(SYS_pwrite64, file, bytes, count, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  return write_at(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  return write_at(file, bytes, count, offset);
}

static int change(long number, int64_t error, int file, int64_t argument) {
  if (is_last()) die();
  if (error) {
    errno = (int)error;
    return -1;
  }
  return (int)syscall(number, file, argument);
}

int ftruncate(int file, off_t size) { return change(SYS_ftruncate, error_of_writes(), file, size); }

int ftruncate64(int file, off64_t size) { return change(SYS_ftruncate, error_of_writes(), file, size); }

int fdatasync(int file) { return change(SYS_fdatasync, error_of_syncs(), file, 0); }

int fsync(int file) { return change(SYS_fsync, error_of_syncs(), file, 0); }
