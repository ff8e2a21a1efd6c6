// What the cases of this program share.
#pragma once

#include <stddef.h>

// A case: does `operations` operations (a multiple of 16) and ends.
typedef void (*body)(long operations, const void *parameters);

double now(void);

// Runs `work(argument, index)` on so many threads and waits for their ends.
void on_threads(int count, void (*work)(void *argument, int index), void *argument);

// Finds how many operations take a part of `seconds`, repeats them for so long and prints a line.
void measure(const char *name, const char *by, double seconds, body body, const void *parameters);

// The same for what takes long: once to warm up, then one after the other for so long, three times at the least.
void measure_each(const char *name, const char *by, double seconds, body body, const void *parameters);

// About a microsecond of work: a chain of multiplications that no compiler can shorten.
static inline unsigned long work_about_a_microsecond(unsigned long value) {
  for (int step = 0; step < 650; step++) value = (value ^ value >> 27) * 0x2545F4914F6CDD1D;
  return value;
}

// The families; each answers whether the case is one of its own, and measures it then.
int measure_lock(const char *name, double seconds);
int measure_semaphore(const char *name, double seconds);
int measure_queue(const char *name, double seconds);
int measure_process(const char *name, double seconds);
