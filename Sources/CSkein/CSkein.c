#define _GNU_SOURCE
#include "CSkein.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// MARK: Threads

_Thread_local uint32_t skein_cached_thread_id = 0;

// A forked child has another thread id than the one its parent's thread cached.
// It has none of its parent's other threads either, which the count tells.
static _Atomic(uint32_t) skein_forks = 0;

static void begin_as_child(void) {
  skein_cached_thread_id = 0;
  __c11_atomic_fetch_add(&skein_forks, 1, __ATOMIC_RELAXED);
}

__attribute__((constructor)) static void register_fork_handler(void) {
  pthread_atfork(NULL, NULL, begin_as_child);
}

uint32_t skein_fork_count(void) { return __c11_atomic_load(&skein_forks, __ATOMIC_RELAXED); }

uint32_t skein_fetch_thread_id(void) {
  skein_cached_thread_id = (uint32_t)syscall(SYS_gettid);
  return skein_cached_thread_id;
}

void skein_set_thread_name(const char *name) {
  char kept[16] = {0};
  size_t length = strnlen(name, sizeof kept);
  if (length == sizeof kept) {
    length--;
    // Back to where a character of UTF-8 begins: half of one is none.
    while (length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80) length--;
  }
  memcpy(kept, name, length);
  pthread_setname_np(pthread_self(), kept);
}

int skein_get_thread_name(uint32_t id, uint8_t *name, size_t capacity) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%u/comm", id);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -errno;
  ssize_t length = read(file, name, capacity);
  int failure = errno;
  close(file);
  if (length < 0) return -failure;
  return (int)(length > 0 && name[length - 1] == '\n' ? length - 1 : length);
}

int64_t skein_thread_processor_nanoseconds(uint32_t id) {
  // As pthread_getcpuclockid makes it (man 3): a thread's clock (4) that counts the scheduler's time (2).
  clockid_t clock = (clockid_t)((~(uint32_t)id << 3) | 4 | 2);
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) return -errno;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int skein_allowed_processors(void) {
  // Larger than any machine that there is: a smaller set is refused with EINVAL.
  enum { PROCESSORS = 8192 };
  cpu_set_t *set = CPU_ALLOC(PROCESSORS);
  if (set == NULL) return -ENOMEM;
  size_t size = CPU_ALLOC_SIZE(PROCESSORS);
  int result = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : -errno;
  CPU_FREE(set);
  return result;
}

_Thread_local void *skein_thread_slot = NULL;
_Thread_local void *skein_worker_slot = NULL;
_Thread_local void *skein_thread_values = NULL;

static pthread_key_t values_key;
static bool has_values_key = false;
static pthread_once_t values_once = PTHREAD_ONCE_INIT;
static void (*_Atomic values_destroy)(void *);

static void destroy_values(void *values) {
  // While they go, one of them may ask for another one: that gets a place of its own, and another round.
  skein_thread_values = NULL;
  values_destroy(values);
}

static void make_values_key(void) { has_values_key = pthread_key_create(&values_key, destroy_values) == 0; }

void skein_set_thread_values(void *values, void (*destroy)(void *)) {
  if (destroy != NULL) values_destroy = destroy;
  pthread_once(&values_once, make_values_key);
  skein_thread_values = values;
  if (has_values_key) pthread_setspecific(values_key, values);
}

// From Swift's concurrency runtime.
extern __attribute__((swiftcall)) void *swift_task_getCurrent(void);
extern __attribute__((swiftcall)) void *swift_task_localValueGet(const void *key);
extern __attribute__((swiftcall)) void swift_task_localValuePush(const void *key, void *value, const void *type);
extern __attribute__((swiftcall)) void swift_task_localValuePop(void);
extern __attribute__((swiftcall)) const char *swift_task_getCurrentTaskName(void);

extern __attribute__((swiftcall)) void swift_continuation_resume(void *continuation);

void skein_resume_continuation(void *continuation) { swift_continuation_resume(continuation); }

uintptr_t skein_current_task(void) { return (uintptr_t)swift_task_getCurrent(); }

const void *skein_task_local_place(const void *key) { return swift_task_localValueGet(key); }

void skein_task_local_push(const void *key, void *value, const void *value_type) {
  swift_task_localValuePush(key, value, value_type);
}

void skein_task_local_pop(void) { swift_task_localValuePop(); }

// What the runtime keeps of a bound task-local, up to its value (swift/Runtime: TaskLocal.h).
struct task_local {
  uintptr_t next; // marks in the lowest bits
  const void *key;
  const void *type;
};

enum { TASK_LOCAL_MARKS = 7 };

extern const char skein_word_metadata __asm__("$sSuN"); // the metadata of Swift's UInt

static const struct task_local *bind_mark(const void *key) {
  uintptr_t value = 0;
  swift_task_localValuePush(key, &value, &skein_word_metadata);
  const char *place = swift_task_localValueGet(key);
  return (const struct task_local *)(place - sizeof(struct task_local));
}

static bool is_mark(const struct task_local *mark, const void *key) {
  return mark->key == key && mark->type == &skein_word_metadata;
}

static const char first_mark_key, second_mark_key;
static pthread_once_t layout_once = PTHREAD_ONCE_INIT;
static bool is_layout_known = false;

static void check_layout(void) {
  const struct task_local *first = bind_mark(&first_mark_key);
  const struct task_local *second = bind_mark(&second_mark_key);
  is_layout_known = is_mark(first, &first_mark_key) && is_mark(second, &second_mark_key) &&
                    (second->next & ~(uintptr_t)TASK_LOCAL_MARKS) == (uintptr_t)first;
  swift_task_localValuePop();
  swift_task_localValuePop();
}

bool skein_has_task_locals(void) {
  pthread_once(&layout_once, check_layout);
  if (!is_layout_known) return true;
  const struct task_local *mark = bind_mark(&first_mark_key);
  bool stands_on_another = (mark->next & ~(uintptr_t)TASK_LOCAL_MARKS) != 0;
  swift_task_localValuePop();
  return stands_on_another;
}

const char *skein_current_task_name(void) { return swift_task_getCurrentTaskName(); }

_Atomic(uint32_t) skein_observed_mask = 0;

void skein_set_observed(uint32_t mask) { __c11_atomic_store(&skein_observed_mask, mask, __ATOMIC_RELEASE); }

// MARK: Futexes

int skein_futex_wait(const void *word, uint32_t expected, int64_t deadline, bool is_shared) {
  // FUTEX_WAIT_BITSET takes an absolute time, so that a wake without cause does not lengthen the wait.
  int operation = FUTEX_WAIT_BITSET | (is_shared ? 0 : FUTEX_PRIVATE_FLAG);
  struct timespec until = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
  long result = syscall(
      SYS_futex, word, operation, expected, deadline < 0 ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
  return result == 0 ? 0 : -errno;
}

int skein_futex_wake(const void *word, uint32_t count, bool is_shared) {
  int operation = FUTEX_WAKE | (is_shared ? 0 : FUTEX_PRIVATE_FLAG);
  long result = syscall(SYS_futex, word, operation, count > INT_MAX ? INT_MAX : count);
  return result >= 0 ? (int)result : -errno;
}

// MARK: Words in shared memory

uint32_t skein_load_u32(const void *word) { return __atomic_load_n((const uint32_t *)word, __ATOMIC_ACQUIRE); }
uint64_t skein_load_u64(const void *word) { return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE); }
void skein_store_u64(void *word, uint64_t value) { __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELEASE); }
uint32_t skein_add_u32(void *word, uint32_t value) {
  return __atomic_add_fetch((uint32_t *)word, value, __ATOMIC_ACQ_REL);
}

// MARK: Clocks

static int64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t skein_monotonic_nanoseconds(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t skein_coarse_nanoseconds(void) { return nanoseconds(CLOCK_MONOTONIC_COARSE); }
int64_t skein_boottime_nanoseconds(void) { return nanoseconds(CLOCK_BOOTTIME); }
int64_t skein_thread_nanoseconds(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

// MARK: Files

int skein_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

int skein_watch_closes(const char *directory) {
  int descriptor = inotify_init1(IN_CLOEXEC);
  if (descriptor < 0) return -errno;
  if (inotify_add_watch(descriptor, directory, IN_CLOSE_WRITE | IN_DELETE_SELF) < 0) {
    int failure = errno;
    close(descriptor);
    return -failure;
  }
  return descriptor;
}

int64_t skein_file_system_type(const char *path) {
  struct statfs information;
  return statfs(path, &information) == 0 ? (int64_t)information.f_type : -errno;
}
