#define _GNU_SOURCE
#include "CSkein.h"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// MARK: Messages

int skein_socket_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

ssize_t skein_send(
    int socket, const void *head, size_t head_size, const void *body, size_t body_size, const int *descriptors,
    size_t descriptor_count) {
  struct iovec parts[2] = {{(void *)head, head_size}, {(void *)body, body_size}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int) * SKEIN_MAX_DESCRIPTORS)];
  } control;
  if (descriptor_count > SKEIN_MAX_DESCRIPTORS) return -EMSGSIZE;
  if (descriptor_count > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
  }
  ssize_t sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

ssize_t skein_receive(int socket, void *bytes, size_t capacity, int *descriptors, size_t *descriptor_count) {
  struct iovec part = {bytes, capacity};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int) * SKEIN_MAX_DESCRIPTORS)];
  } control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  *descriptor_count = 0;
  ssize_t received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received < 0) return -errno;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors + *descriptor_count, CMSG_DATA(header), sizeof(int) * count);
    *descriptor_count += count;
  }
  if (!(message.msg_flags & MSG_CTRUNC)) return received;
  // The process had no descriptors left for some of them: what came is let go, and the message is none.
  for (size_t index = 0; index < *descriptor_count; index++) close(descriptors[index]);
  *descriptor_count = 0;
  return -EMFILE;
}

// MARK: Processes

int skein_open_process(pid_t process) {
  int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
  return descriptor >= 0 ? descriptor : -errno;
}

int skein_signal_process(int descriptor, int signal) {
  return syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0) < 0 ? -errno : 0;
}

static int exit_code(int code, int status) { return code == CLD_EXITED ? status : -status; }

int skein_reap_process(int descriptor, int *code) {
  siginfo_t info = {0};
  while (waitid(P_PIDFD, (id_t)descriptor, &info, WEXITED | WNOHANG) < 0) {
    if (errno != EINTR) return -errno;
  }
  if (info.si_pid == 0) return 0;
  *code = exit_code(info.si_code, info.si_status);
  return 1;
}

// Swift's runtime and libdispatch keep the thread's id where nobody else can reach it, and lock by it: in a forked child the
// kernel would take what such a lock says for the parent's thread, and a second thread would wait for that one for ever.
// So the words among their thread-local variables that hold the id are noted before the fork, and corrected after it.
struct id_words {
  uint32_t id;
  size_t count;
  uint32_t *places[64];
};

static bool keeps_ids(const char *name) {
  // The program itself, into which they may be linked, has no name.
  return name[0] == 0 || strstr(name, "libswift") != NULL || strstr(name, "libdispatch") != NULL;
}

static int note_ids(struct dl_phdr_info *module, size_t size, void *context) {
  struct id_words *words = context;
  (void)size;
  if (module->dlpi_tls_data == NULL || !keeps_ids(module->dlpi_name)) return 0;
  for (size_t index = 0; index < module->dlpi_phnum; index++) {
    if (module->dlpi_phdr[index].p_type != PT_TLS) continue;
    uint32_t *first = module->dlpi_tls_data, *end = first + module->dlpi_phdr[index].p_memsz / sizeof *first;
    for (uint32_t *place = first; place < end && words->count < 64; place++) {
      if (*place == words->id) words->places[words->count++] = place;
    }
  }
  return 0;
}

pid_t skein_fork(void) {
  struct id_words words = {.id = (uint32_t)syscall(SYS_gettid)};
  dl_iterate_phdr(note_ids, &words);
  pid_t process = fork();
  if (process != 0) return process > 0 ? process : -errno;
  uint32_t id = (uint32_t)syscall(SYS_gettid);
  for (size_t index = 0; index < words.count; index++) *words.places[index] = id;
  return 0;
}

void skein_close_from(int first) { (void)close_range((unsigned)first, UINT_MAX, 0); }

int skein_add_close_from(void *actions, int first) {
  return -posix_spawn_file_actions_addclosefrom_np(actions, first);
}

// MARK: The fork server

// What the server knows of a child: where to tell how it ended.
struct served {
  pid_t process;
  int line;
};

static int child_control = -1;

int skein_child_control(void) { return child_control; }

static void tell(int line, int32_t word, int descriptor) {
  (void)skein_send(line, &word, sizeof word, NULL, 0, &descriptor, descriptor >= 0 ? 1 : 0);
}

static void reap_served(struct served *children, size_t *count) {
  siginfo_t info;
  while (info.si_pid = 0, waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
    for (size_t index = 0; index < *count; index++) {
      if (children[index].process != info.si_pid) continue;
      tell(children[index].line, exit_code(info.si_code, info.si_status), -1);
      close(children[index].line);
      children[index] = children[--*count];
      break;
    }
  }
}

// A child of the server: its control socket takes the server's place, and everything else of the server is gone.
static void become_child(int control, int errors, const struct served *children, size_t count) {
  for (size_t index = 0; index < count; index++) close(children[index].line);
  dup2(control, SKEIN_CONTROL_DESCRIPTOR);
  fcntl(SKEIN_CONTROL_DESCRIPTOR, F_SETFD, FD_CLOEXEC);
  close(control);
  if (errors >= 0) {
    dup2(errors, STDERR_FILENO);
    close(errors);
  }
  child_control = SKEIN_CONTROL_DESCRIPTOR;
}

static void do_nothing(int signal) { (void)signal; }

// Serves until the parent closes the socket. Returns only in children.
static void serve_forks(void) {
  static struct served children[SKEIN_MAX_SERVED];
  size_t count = 0;
  sigset_t blocked, previous;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &previous);
  // A handler of some kind, or else the signal would not end a wait.
  struct sigaction action = {.sa_handler = do_nothing}, kept;
  sigaction(SIGCHLD, &action, &kept);
  while (true) {
    reap_served(children, &count);
    struct pollfd request = {.fd = SKEIN_CONTROL_DESCRIPTOR, .events = POLLIN};
    // The signal is let in here alone: one that comes before is taken here.
    if (ppoll(&request, 1, NULL, &previous) < 0) continue;
    int descriptors[SKEIN_MAX_DESCRIPTORS];
    size_t received;
    uint8_t byte;
    ssize_t size = skein_receive(SKEIN_CONTROL_DESCRIPTOR, &byte, 1, descriptors, &received);
    if (size == -EINTR || size == -EAGAIN) continue;
    // End of file: the parent has ended, or has no more use for a server.
    if (size <= 0) _exit(0);
    if (received < 2) {
      for (size_t index = 0; index < received; index++) close(descriptors[index]);
      continue;
    }
    int control = descriptors[0], line = descriptors[1], errors = received > 2 ? descriptors[2] : -1;
    pid_t process = count < SKEIN_MAX_SERVED ? skein_fork() : -EAGAIN;
    if (process == 0) {
      sigaction(SIGCHLD, &kept, NULL);
      sigprocmask(SIG_SETMASK, &previous, NULL);
      close(line);
      return become_child(control, errors, children, count);
    }
    close(control);
    if (errors >= 0) close(errors);
    if (process < 0) {
      tell(line, process, -1);
      close(line);
      continue;
    }
    // It can not have been reaped yet: the descriptor means this process and no later one.
    int watched = skein_open_process(process);
    children[count++] = (struct served){process, line};
    tell(line, process, watched);
    if (watched >= 0) close(watched);
  }
}

// Before main, and so before any task has run: in a process that was forked after one, tasks never run.
__attribute__((constructor)) static void take_role(void) {
  const char *role = getenv(SKEIN_ROLE_VARIABLE);
  if (role == NULL) return;
  bool is_server = strcmp(role, "server") == 0, is_child = strcmp(role, "child") == 0;
  unsetenv(SKEIN_ROLE_VARIABLE);
  if (!is_server && !is_child) return;
  fcntl(SKEIN_CONTROL_DESCRIPTOR, F_SETFD, FD_CLOEXEC);
  if (is_server) serve_forks(); else child_control = SKEIN_CONTROL_DESCRIPTOR;
}

// MARK: Waiting for descriptors (man 7 epoll)

int skein_make_poll_set(void) {
  int descriptor = epoll_create1(EPOLL_CLOEXEC);
  return descriptor >= 0 ? descriptor : -errno;
}

int skein_watch(int set, int descriptor, uint64_t mark, bool reads, bool writes, bool is_new) {
  struct epoll_event event = {
      .events = EPOLLONESHOT | (reads ? EPOLLIN | EPOLLRDHUP : 0) | (writes ? EPOLLOUT : 0), .data.u64 = mark};
  return epoll_ctl(set, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) < 0 ? -errno : 0;
}

int skein_unwatch(int set, int descriptor) {
  return epoll_ctl(set, EPOLL_CTL_DEL, descriptor, NULL) < 0 ? -errno : 0;
}

int skein_next_ready(int set, uint64_t *mark, bool *reads, bool *writes) {
  struct epoll_event event;
  if (epoll_wait(set, &event, 1, -1) < 0) return -errno;
  *mark = event.data.u64;
  bool failed = event.events & (EPOLLERR | EPOLLHUP);
  *reads = failed || (event.events & (EPOLLIN | EPOLLRDHUP));
  *writes = failed || (event.events & EPOLLOUT);
  return 0;
}
