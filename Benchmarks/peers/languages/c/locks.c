// pthread_mutex_t and sem_t.

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "measuring.h"

struct locked {
  pthread_mutex_t mutex;
  unsigned long value;
  long share;
};

static void lock_short(void *argument, int index) {
  (void)index;
  struct locked *locked = argument;
  for (long count = 0; count < locked->share; count++) {
    pthread_mutex_lock(&locked->mutex);
    locked->value++;
    pthread_mutex_unlock(&locked->mutex);
  }
}

static void lock_long(void *argument, int index) {
  (void)index;
  struct locked *locked = argument;
  for (long count = 0; count < locked->share; count++) {
    pthread_mutex_lock(&locked->mutex);
    locked->value = work_about_a_microsecond(locked->value);
    pthread_mutex_unlock(&locked->mutex);
  }
}

struct lock_parameters {
  int threads;
  int is_long;
};

static void lock_body(long operations, const void *pointer) {
  const struct lock_parameters *parameters = pointer;
  struct locked locked = {PTHREAD_MUTEX_INITIALIZER, 0, operations / parameters->threads};
  on_threads(parameters->threads, parameters->is_long ? lock_long : lock_short, &locked);
}

int measure_lock(const char *name, double seconds) {
  struct lock_parameters parameters = {1, 0};
  char hold[8] = "";
  if (strcmp(name, "lock.uncontended") != 0) {
    if (sscanf(name, "lock.%d.%7s", &parameters.threads, hold) != 2) return 0;
    parameters.is_long = strcmp(hold, "long") == 0;
  }
  measure(name, "pthread_mutex_t", seconds, lock_body, &parameters);
  return 1;
}

struct counted {
  sem_t permits;
  long share;
};

static void acquire_release(void *argument, int index) {
  (void)index;
  struct counted *counted = argument;
  for (long count = 0; count < counted->share; count++) {
    sem_wait(&counted->permits);
    sem_post(&counted->permits);
  }
}

struct semaphore_parameters {
  int threads;
  unsigned permits;
};

static void semaphore_body(long operations, const void *pointer) {
  const struct semaphore_parameters *parameters = pointer;
  struct counted counted = {.share = operations / parameters->threads};
  sem_init(&counted.permits, 0, parameters->permits);
  on_threads(parameters->threads, acquire_release, &counted);
}

struct table {
  sem_t sides[2];
  long rounds;
};

static void play(void *argument, int index) {
  struct table *table = argument;
  for (long round = 0; round < table->rounds; round++) {
    sem_wait(&table->sides[index]);
    sem_post(&table->sides[1 - index]);
  }
}

static void ping_pong_body(long operations, const void *parameters) {
  (void)parameters;
  struct table table = {.rounds = operations};
  sem_init(&table.sides[0], 0, 1);
  sem_init(&table.sides[1], 0, 0);
  on_threads(2, play, &table);
}

int measure_semaphore(const char *name, double seconds) {
  struct semaphore_parameters parameters = {1, 1};
  if (strcmp(name, "pingpong.semaphore.threads") == 0) {
    measure(name, "sem_t", seconds, ping_pong_body, NULL);
    return 1;
  }
  char kind[8] = "";
  if (strcmp(name, "semaphore.uncontended.threads") != 0) {
    int found = sscanf(name, "semaphore.%dx%u.%7s", &parameters.threads, &parameters.permits, kind);
    if (found != 3 || strcmp(kind, "threads") != 0) return 0;
  }
  measure(name, "sem_t", seconds, semaphore_body, &parameters);
  return 1;
}
