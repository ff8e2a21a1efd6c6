#define _GNU_SOURCE
#include "CSkein.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

_Thread_local void *skein_diagnosis_slot = NULL;

int skein_make_event(void) {
  int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return descriptor >= 0 ? descriptor : -errno;
}

int skein_signal_event(int descriptor) {
  const uint64_t one = 1;
  return write(descriptor, &one, sizeof one) < 0 ? -errno : 0;
}

int skein_clear_event(int descriptor) {
  uint64_t count;
  return read(descriptor, &count, sizeof count) < 0 ? -errno : 0;
}

static _Atomic(int) signal_target = -1;

// Async-signal-safe: a write, and errno as it was.
static void forward(int signal) {
  (void)signal;
  int kept = errno;
  (void)skein_signal_event(__c11_atomic_load(&signal_target, __ATOMIC_ACQUIRE));
  errno = kept;
}

int skein_forward_signal(int signal, int descriptor) {
  struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART}, previous;
  if (sigaction(signal, NULL, &previous) < 0) return -errno;
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != forward) return -EBUSY;
  __c11_atomic_store(&signal_target, descriptor, __ATOMIC_RELEASE);
  sigemptyset(&action.sa_mask);
  return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

int skein_stop_forwarding(int signal) {
  struct sigaction previous, normal = {.sa_handler = SIG_DFL};
  if (sigaction(signal, NULL, &previous) < 0) return -errno;
  if (previous.sa_handler == forward && sigaction(signal, &normal, NULL) < 0) return -errno;
  __c11_atomic_store(&signal_target, -1, __ATOMIC_RELEASE);
  return 0;
}

int skein_unblock_signal(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int skein_accept(int socket) {
  int descriptor = accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return descriptor >= 0 ? descriptor : -errno;
}

int skein_peer(int socket, pid_t *process, uid_t *user) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -errno;
  *process = peer.pid;
  *user = peer.uid;
  return 0;
}
