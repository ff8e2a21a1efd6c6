// What processes cost at the least: a ping-pong of two on futexes, a copy of bytes, a fork and an execution.
#define _GNU_SOURCE

#include <linux/futex.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measuring.h"

extern char **environ;

struct court {
  _Atomic int ball;
};

static void wait_while(_Atomic int *word, int value) {
  while (atomic_load(word) == value) syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void hit(_Atomic int *word, int value) {
  atomic_store(word, value);
  syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void ping_pong(long operations, const void *parameters) {
  struct court *court = *(struct court *const *)parameters;
  for (long index = 0; index < operations; index++) {
    hit(&court->ball, 1);
    wait_while(&court->ball, 1);
  }
}

static void measure_ping_pong(const char *name, double seconds) {
  struct court *court = mmap(NULL, sizeof *court, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (court == MAP_FAILED) return;
  pid_t other = fork();
  if (other == 0) {
    for (;;) {
      wait_while(&court->ball, 0);
      if (atomic_load(&court->ball) == 2) _exit(0);
      hit(&court->ball, 0);
    }
  }
  measure(name, "futex ping-pong", seconds, ping_pong, &court);
  hit(&court->ball, 2);
  waitpid(other, NULL, 0);
}

struct copy {
  char *from, *to;
  size_t size;
};

static void copy_bytes(long operations, const void *parameters) {
  const struct copy *copy = parameters;
  for (long index = 0; index < operations; index++) {
    memcpy(copy->to, copy->from, copy->size);
    __asm__ volatile("" : : "r"(copy->to) : "memory");
  }
}

// There and back, or into shared memory and out of it, are two copies.
static void copy_twice(long operations, const void *parameters) {
  const struct copy *copy = parameters, back = {copy->to, copy->from, copy->size};
  for (long index = 0; index < operations; index++) {
    copy_bytes(1, copy);
    copy_bytes(1, &back);
  }
}

static int measure_copy(const char *name, double seconds) {
  size_t size;
  const char *end = strrchr(name, '.');
  if (end == NULL) return 0;
  if (strcmp(end, ".1k") == 0) size = 1 << 10;
  else if (strcmp(end, ".1m") == 0) size = 1 << 20;
  else if (strcmp(end, ".100m") == 0) size = 100 << 20;
  else return 0;
  struct copy copy = {malloc(size), malloc(size), size};
  if (copy.from == NULL || copy.to == NULL) return 0;
  memset(copy.from, 7, size);
  memset(copy.to, 1, size);
  int is_both_ways = strncmp(name, "payload", 7) != 0;
  (size > 1 << 20 ? measure_each : measure)(name, is_both_ways ? "memcpy, twice" : "memcpy", seconds,
                                            is_both_ways ? copy_twice : copy_bytes, &copy);
  free(copy.from);
  free(copy.to);
  return 1;
}

static void spawn_and_wait(long operations, const void *parameters) {
  (void)parameters;
  for (long index = 0; index < operations; index++) {
    pid_t child;
    char *arguments[] = {"true", NULL};
    if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) == 0) waitpid(child, NULL, 0);
  }
}

static void fork_and_wait(long operations, const void *parameters) {
  (void)parameters;
  for (long index = 0; index < operations; index++) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    if (child > 0) waitpid(child, NULL, 0);
  }
}

int measure_process(const char *name, double seconds) {
  if (strcmp(name, "call.blocking") == 0) measure_ping_pong(name, seconds);
  else if (strcmp(name, "start.spawn") == 0) measure_each(name, "posix_spawn of true", seconds, spawn_and_wait, NULL);
  else if (strcmp(name, "start.fork") == 0) measure_each(name, "fork", seconds, fork_and_wait, NULL);
  else if (strncmp(name, "payload.", 8) == 0 || strncmp(name, "echo.", 5) == 0 || strncmp(name, "shared-memory.", 14) == 0)
    return measure_copy(name, seconds);
  else return 0;
  return 1;
}
