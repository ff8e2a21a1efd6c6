// The system calls that Swift cannot reach through its own import of the C library, one thin function each.
// Nothing here decides anything: a function that fails returns a negative errno, as the kernel does.

#ifndef CSKEIN_H
#define CSKEIN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: Threads

/// The calling thread's kernel id, read from the kernel once a thread.
extern _Thread_local uint32_t skein_cached_thread_id;
uint32_t skein_fetch_thread_id(void);

static inline uint32_t skein_thread_id(void) {
  uint32_t id = skein_cached_thread_id;
  return __builtin_expect(id != 0, 1) ? id : skein_fetch_thread_id();
}

/// Names the calling thread for the system's tools. The kernel keeps 15 bytes.
void skein_set_thread_name(const char *name);

/// Tells the processor that the caller is spinning.
static inline void skein_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

// MARK: Futexes (man 2 futex)

/// Sleeps while `*word == expected`, at the longest until `deadline` nanoseconds on CLOCK_MONOTONIC (negative: no limit).
/// Returns 0 when woken, -EAGAIN when the word had another value, -ETIMEDOUT or -EINTR.
int skein_futex_wait(const void *word, uint32_t expected, int64_t deadline, bool is_shared);

/// Wakes at most `count` sleepers; returns how many.
int skein_futex_wake(const void *word, uint32_t count, bool is_shared);

// MARK: Words in shared memory

uint32_t skein_load_u32(const void *word);
uint64_t skein_load_u64(const void *word);
void skein_store_u64(void *word, uint64_t value);
uint32_t skein_add_u32(void *word, uint32_t value);

// MARK: Clocks

/// Nanoseconds on CLOCK_MONOTONIC, which stands still while the machine sleeps.
int64_t skein_monotonic_nanoseconds(void);

/// Nanoseconds on CLOCK_BOOTTIME, which goes on while the machine sleeps.
int64_t skein_boottime_nanoseconds(void);

// MARK: Files

/// Starts to watch a directory for closed files (man 7 inotify). Returns a descriptor.
int skein_watch_closes(const char *directory);

/// The file system's magic number (man 2 statfs).
int64_t skein_file_system_type(const char *path);

#endif
