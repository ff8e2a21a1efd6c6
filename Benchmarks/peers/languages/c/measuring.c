#include "measuring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct start {
  void (*work)(void *argument, int index);
  void *argument;
  int index;
};

static void *start(void *pointer) {
  struct start *start = pointer;
  start->work(start->argument, start->index);
  return NULL;
}

void on_threads(int count, void (*work)(void *argument, int index), void *argument) {
  pthread_t threads[16];
  struct start starts[16];
  for (int index = 0; index < count; index++) {
    starts[index] = (struct start){work, argument, index};
    if (pthread_create(&threads[index], NULL, start, &starts[index]) != 0) abort();
  }
  for (int index = 0; index < count; index++) pthread_join(threads[index], NULL);
}

static double time_of(body body, long operations, const void *parameters) {
  double started = now();
  body(operations, parameters);
  return now() - started;
}

// Of two runs, so that what happens only the first time does not count.
static double shorter_time_of(body body, long operations, const void *parameters) {
  double first = time_of(body, operations, parameters), second = time_of(body, operations, parameters);
  return first < second ? first : second;
}

static void report(const char *name, const char *by, double elapsed, long total) {
  printf("{\"case\": \"%s\", \"by\": \"%s\", \"ns\": %.2f, \"operations\": %ld}\n", name, by,
         elapsed * 1e9 / (double)total, total);
  fflush(stdout);
}

void measure(const char *name, const char *by, double seconds, body body, const void *parameters) {
  long operations = 160;
  double elapsed = shorter_time_of(body, operations, parameters);
  while (elapsed < seconds / 16) {
    double growth = seconds / 8 / elapsed;
    operations = (long)((double)operations * (growth < 2 ? 2 : growth > 10 ? 10 : growth)) / 16 * 16;
    elapsed = shorter_time_of(body, operations, parameters);
  }
  long total = 0;
  for (elapsed = 0; elapsed < seconds; total += operations) elapsed += time_of(body, operations, parameters);
  report(name, by, elapsed, total);
}

void measure_each(const char *name, const char *by, double seconds, body body, const void *parameters) {
  body(1, parameters);
  double elapsed = 0;
  long total = 0;
  for (; total < 3 || elapsed < seconds; total++) elapsed += time_of(body, 1, parameters);
  report(name, by, elapsed, total);
}
