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

/// How many forks lie between the first process of this program and the calling one.
uint32_t skein_fork_count(void);

/// Names the calling thread for the system's tools. The kernel keeps 15 bytes: a longer name is cut, at a character.
void skein_set_thread_name(const char *name);

/// Reads the name of a thread of this process into `name`, without a final zero. Returns its length or a negative errno.
int skein_get_thread_name(uint32_t id, uint8_t *name, size_t capacity);

/// Processor time that a thread of this process has used, in nanoseconds, or a negative errno. While the thread runs it
/// moves with each call.
int64_t skein_thread_processor_nanoseconds(uint32_t id);

/// How many processors the calling thread may run on (man 2 sched_getaffinity), or a negative errno.
int skein_allowed_processors(void);

/// A word of each thread's own: what SkeinThreads knows the thread by.
extern _Thread_local void *skein_thread_slot;

static inline void *skein_get_thread_slot(void) { return skein_thread_slot; }
static inline void skein_set_thread_slot(void *slot) { skein_thread_slot = slot; }

/// A word of each thread's own: the worker of a pool of SkeinFutures that it is.
extern _Thread_local void *skein_worker_slot;

static inline void *skein_get_worker_slot(void) { return skein_worker_slot; }
static inline void skein_set_worker_slot(void *slot) { skein_worker_slot = slot; }

/// The values of the thread's own for SkeinThreads' ThreadLocal. What is set is handed to `destroy` when the thread ends;
/// that is one function for all, and NULL goes with NULL. A process that has used up its keys (man 3 pthread_key_create)
/// keeps them instead.
extern _Thread_local void *skein_thread_values;

static inline void *skein_get_thread_values(void) { return skein_thread_values; }
void skein_set_thread_values(void *values, void (*destroy)(void *));

/// Whether task-locals are bound where the caller stands, in its task or, outside of tasks, on its thread.
///
/// Swift can not be asked: this binds one of its own and looks whether it stands on another. The layout that this
/// relies on is checked once; where it is another one, the answer is always true.
bool skein_has_task_locals(void);

/// Resumes a continuation without a result, which is suspended or about to be.
///
/// As Swift's own call does, but without a look into the task's frame: that one is ordered by the runtime with what
/// the task does next, which ThreadSanitizer can not see if the task was resumed before it had suspended.
void skein_resume_continuation(void *continuation);

/// The address of the record of the task that the calling thread runs; 0 outside of tasks. Swift's own
/// withUnsafeCurrentTask tells the same at six times the price.
uintptr_t skein_current_task(void);

/// Where the value that is bound to a task-local key at this moment lies; NULL when none is. A task and its structured
/// children see one place; a task that is not structured has copies of its own.
const void *skein_task_local_place(const void *key);

/// Binds a task-local key, for the calling task, to a value that is moved out of `value`, until it is popped.
void skein_task_local_push(const void *key, void *value, const void *value_type);
void skein_task_local_pop(void);

/// The name of the task that the calling thread runs; NULL when it has none. It lives as long as the task.
const char *skein_current_task_name(void);

/// What is observed, as a mask (see SkeinSync's SyncObservation). Zero costs a load and a branch in each operation.
extern _Atomic(uint32_t) skein_observed_mask;

static inline uint32_t skein_observed(void) {
  return __c11_atomic_load(&skein_observed_mask, __ATOMIC_RELAXED);
}
void skein_set_observed(uint32_t mask);

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

uint32_t skein_exchange_u32(void *word, uint32_t value);
uint64_t skein_add_u64(void *word, uint64_t value);

/// Puts `desired` in the place of `expected`; tells whether that was there.
bool skein_replace_u32(void *word, uint32_t expected, uint32_t desired);
bool skein_replace_u64(void *word, uint64_t expected, uint64_t desired);

// MARK: Shared memory

/// Makes memory of `size` bytes without a name, all of it there, that can neither shrink nor grow (man 2 memfd_create).
/// Returns a descriptor or a negative errno: -ENOMEM also when the machine has not so much.
int skein_make_shared_memory(uint64_t size);

/// Maps it (man 2 mmap), which keeps its size for good. Returns 0 or a negative errno: -EPERM when it could shrink.
int skein_map_shared_memory(int descriptor, size_t size, void **address);
int skein_unmap_shared_memory(void *address, size_t size);

/// What tells the memory from all other, and its size. Returns 0 or a negative errno.
int skein_identify_memory(int descriptor, uint64_t *device, uint64_t *inode, uint64_t *size);

/// A lock between processes that outlives its owner (man 3 pthread_mutexattr_setrobust) and knows its thread.
size_t skein_shared_mutex_size(void);
int skein_shared_mutex_make(void *mutex);

/// Takes it; waits until `deadline` nanoseconds on CLOCK_MONOTONIC (negative: no limit). Returns 0; 1 when its owner
/// has died, and it is usable again; or -EDEADLK, -ETIMEDOUT.
int skein_shared_mutex_lock(void *mutex, int64_t deadline);

/// The same without waiting: -EBUSY when another thread has it.
int skein_shared_mutex_try(void *mutex);

/// Gives it back; -EPERM when the calling thread does not have it.
int skein_shared_mutex_unlock(void *mutex);

/// When a process that lives was started, in ticks since the machine's start; -ESRCH when there is none.
int64_t skein_process_start(pid_t process);

/// The most words that skein_futex_wait_any takes.
#define SKEIN_MAX_WAITED_WORDS 128

/// Sleeps while each word has the value expected of it (man 2 futex_waitv), at the longest until `deadline`.
/// The first `private_count` are not shared. Returns 0 when woken or a negative errno, as skein_futex_wait does;
/// -ENOSYS when the kernel is too old.
int skein_futex_wait_any(
    const void *const *words, const uint32_t *expected, size_t count, size_t private_count, int64_t deadline);

// MARK: Clocks

/// Nanoseconds on CLOCK_MONOTONIC, which stands still while the machine sleeps.
int64_t skein_monotonic_nanoseconds(void);

/// The same to the scheduler's tick, some milliseconds, at a fifth of the price.
int64_t skein_coarse_nanoseconds(void);

/// Nanoseconds on CLOCK_BOOTTIME, which goes on while the machine sleeps.
int64_t skein_boottime_nanoseconds(void);

/// Nanoseconds on CLOCK_THREAD_CPUTIME_ID: the processor time of the calling thread.
int64_t skein_thread_nanoseconds(void);

// MARK: Files

/// Makes a pipe that no child inherits by accident (man 2 pipe2). Returns 0 or a negative errno.
int skein_pipe(int ends[2]);

/// Starts to watch a directory for closed files (man 7 inotify). Returns a descriptor.
int skein_watch_closes(const char *directory);

/// The file system's magic number (man 2 statfs).
int64_t skein_file_system_type(const char *path);

// MARK: Diagnosis

/// A word of each thread's own, for SkeinDiagnostics.
extern _Thread_local void *skein_diagnosis_slot;

static inline void *skein_get_diagnosis_slot(void) { return skein_diagnosis_slot; }
static inline void skein_set_diagnosis_slot(void *slot) { skein_diagnosis_slot = slot; }

/// A descriptor that becomes readable when it is signalled (man 2 eventfd), and until it is cleared.
int skein_make_event(void);
int skein_signal_event(int descriptor);
int skein_clear_event(int descriptor);

/// Makes `signal` signal the event `descriptor`, unless the program has a handler of its own (-EBUSY). One at a time.
int skein_forward_signal(int signal, int descriptor);
int skein_stop_forwarding(int signal);

/// Lets the calling thread take `signal`.
int skein_unblock_signal(int signal);

/// Accepts a connection whose descriptor is closed by exec and does not block.
int skein_accept(int socket);

/// Who is at the other end of a Unix socket (man 7 unix, SO_PEERCRED).
int skein_peer(int socket, pid_t *process, uid_t *user);

// MARK: Messages between processes

/// The most descriptors that one message can carry.
#define SKEIN_MAX_DESCRIPTORS 250

/// Makes two connected stream sockets, which exec closes (man 2 socketpair). Returns 0 or a negative errno.
int skein_socket_pair(int ends[2]);

/// Sends what the socket takes of two pieces at once, with descriptors beside the first byte. Never waits.
/// Returns how many bytes it took, or a negative errno: -EAGAIN when it takes none now, -EPIPE when nobody listens.
ssize_t skein_send(
    int socket, const void *head, size_t head_size, const void *body, size_t body_size, const int *descriptors,
    size_t descriptor_count);

/// Receives what is there, with the descriptors beside it, of which there is room for SKEIN_MAX_DESCRIPTORS. Never waits.
/// Returns how many bytes came; 0 at the end; or a negative errno: -EMFILE when the process has no descriptors left.
ssize_t skein_receive(int socket, void *bytes, size_t capacity, int *descriptors, size_t *descriptor_count);

// MARK: Processes

/// The descriptor on which a child of SkeinProcesses finds its parent, and what tells it that it is one.
#define SKEIN_CONTROL_DESCRIPTOR 3
#define SKEIN_ROLE_VARIABLE "SKEIN_PROCESS_ROLE"
/// The most children of one fork server that live at once.
#define SKEIN_MAX_SERVED 4096

/// A descriptor that becomes readable when the process ends (man 2 pidfd_open).
int skein_open_process(pid_t process);

/// Sends a signal to the very process that the descriptor means (man 2 pidfd_send_signal).
int skein_signal_process(int descriptor, int signal);

/// Asks how a child of this process ended: 1, and `code` is its exit code or the negative signal; 0 when it lives; or a
/// negative errno.
int skein_reap_process(int descriptor, int *code);

/// Forks (man 2 fork), which Swift forbids: in the child there is the calling thread alone, and no task ever runs if one
/// has run before. Returns a negative errno when it fails.
pid_t skein_fork(void);

/// Closes all descriptors from `first` on (man 2 close_range).
void skein_close_from(int first);

/// Has a program that is to be executed close all descriptors from `first` on. `actions` is a
/// posix_spawn_file_actions_t.
int skein_add_close_from(void *actions, int first);

/// The control socket, in a process that was started as a child of SkeinProcesses; -1 in all others.
///
/// A process that was started as a fork server does not get to its main: it forks a child for each message with the
/// descriptors of a control socket, of a line on which it tells the child's id, a descriptor for it and, later, its exit
/// code, and, if there is a third one, of the child's standard error. It ends when its socket is closed.
int skein_child_control(void);

// MARK: Waiting for descriptors (man 7 epoll)

int skein_make_poll_set(void);

/// Has the set tell the mark, once, when the descriptor can be read or written.
int skein_watch(int set, int descriptor, uint64_t mark, bool reads, bool writes, bool is_new);
int skein_unwatch(int set, int descriptor);

/// Waits for the next descriptor that can be read or written, and gives its mark. Returns 0 or a negative errno.
int skein_next_ready(int set, uint64_t *mark, bool *reads, bool *writes);

// MARK: Who is at the other end

/// Finds out whose the socket is that is at an address, connected to another one of this machine: the user that opened it.
/// Addresses are numeric, both of one family. Returns 0, or a negative errno: -ENOENT when there is no such connection.
int skein_tcp_owner(
    const char *address, uint16_t port, const char *peer_address, uint16_t peer_port, uid_t *user);

// MARK: Files and dates of the web

/// Opens a file for reading, by a path that never leads out of a folder: not by "..", and not by symbolic links (man 2
/// openat2). On a system without that call no symbolic link is followed at all. `path` is relative. Returns a descriptor, or
/// a negative errno: -EXDEV, or -ELOOP, for a path that leads out.
int skein_open_beneath(int folder, const char *path);

/// The same without that call: no symbolic link is followed.
int skein_open_without_links(int folder, const char *path);

/// Reads an instant in a format of strptime, with English names; false when the text is another, or goes on. `seconds` are
/// those since 1970, in UTC.
bool skein_read_date(const char *text, const char *format, int64_t *seconds);

/// Writes an instant in a format of strftime, with English names. Returns how many bytes it has.
size_t skein_write_date(int64_t seconds, const char *format, char *text, size_t capacity);

#endif
