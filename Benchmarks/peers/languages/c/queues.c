// A ring between two condition variables: the queue that a C programmer writes.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measuring.h"

struct queue {
  pthread_mutex_t mutex;
  pthread_cond_t not_empty, not_full;
  long *items;
  size_t size, head, count;
  int is_bounded;
};

static void queue_init(struct queue *queue, size_t capacity) {
  size_t size = capacity == 0 ? 64 : capacity;
  *queue = (struct queue){.items = malloc(size * sizeof(long)), .size = size, .is_bounded = capacity > 0};
  pthread_mutex_init(&queue->mutex, NULL);
  pthread_cond_init(&queue->not_empty, NULL);
  pthread_cond_init(&queue->not_full, NULL);
}

// Doubles the ring and unrolls what it holds to the front.
static void grow(struct queue *queue) {
  long *items = malloc(2 * queue->size * sizeof(long));
  size_t tail = queue->size - queue->head;
  memcpy(items, queue->items + queue->head, tail * sizeof(long));
  memcpy(items + tail, queue->items, queue->head * sizeof(long));
  free(queue->items);
  queue->items = items;
  queue->size *= 2;
  queue->head = 0;
}

static void put(struct queue *queue, long item) {
  pthread_mutex_lock(&queue->mutex);
  while (queue->is_bounded && queue->count == queue->size)
    pthread_cond_wait(&queue->not_full, &queue->mutex);
  if (queue->count == queue->size) grow(queue);
  size_t tail = queue->head + queue->count++;
  queue->items[tail < queue->size ? tail : tail - queue->size] = item;
  pthread_mutex_unlock(&queue->mutex);
  pthread_cond_signal(&queue->not_empty);
}

static long get(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  while (queue->count == 0) pthread_cond_wait(&queue->not_empty, &queue->mutex);
  long item = queue->items[queue->head];
  if (++queue->head == queue->size) queue->head = 0;
  queue->count--;
  pthread_mutex_unlock(&queue->mutex);
  if (queue->is_bounded) pthread_cond_signal(&queue->not_full);
  return item;
}

struct parameters {
  int producers, consumers;
  size_t capacity;
};

struct hand_over {
  struct queue queue;
  int producers;
  long produced_by_each, consumed_by_each;
};

static void hand_over(void *argument, int index) {
  struct hand_over *state = argument;
  if (index < state->producers) {
    for (long item = 0; item < state->produced_by_each; item++) put(&state->queue, item);
  } else {
    for (long item = 0; item < state->consumed_by_each; item++) get(&state->queue);
  }
}

static void queue_body(long operations, const void *pointer) {
  const struct parameters *parameters = pointer;
  struct hand_over state = {.producers = parameters->producers,
                            .produced_by_each = operations / parameters->producers,
                            .consumed_by_each = operations / parameters->consumers};
  queue_init(&state.queue, parameters->capacity);
  on_threads(parameters->producers + parameters->consumers, hand_over, &state);
  free(state.queue.items);
}

struct table {
  struct queue sides[2];
  long rounds;
};

static void play(void *argument, int index) {
  struct table *table = argument;
  for (long round = 0; round < table->rounds; round++) {
    if (index == 0) put(&table->sides[1], round);
    get(&table->sides[index]);
    if (index == 1) put(&table->sides[0], round);
  }
}

static void ping_pong_body(long operations, const void *parameters) {
  (void)parameters;
  struct table table = {.rounds = operations};
  queue_init(&table.sides[0], 1);
  queue_init(&table.sides[1], 1);
  on_threads(2, play, &table);
  free(table.sides[0].items);
  free(table.sides[1].items);
}

int measure_queue(const char *name, double seconds) {
  const char *by = "pthread_cond_t queue";
  if (strcmp(name, "pingpong.channel.threads") == 0) {
    measure(name, by, seconds, ping_pong_body, NULL);
    return 1;
  }
  char shape[8] = "", capacity[16] = "", kind[8] = "";
  int found = sscanf(name, "queue.%7[^.].%15[^.].%7s", shape, capacity, kind);
  if (found != 3 || strcmp(kind, "threads") != 0 || strcmp(capacity, "0") == 0) return 0;
  struct parameters parameters = {.producers = shape[0] == 's' ? 1 : 4,
                                  .consumers = shape[2] == 's' ? 1 : 4,
                                  .capacity = (size_t)atol(capacity)};
  measure(name, by, seconds, queue_body, &parameters);
  return 1;
}
