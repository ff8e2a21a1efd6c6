"""threading and queue."""

import queue
import threading

from measuring import sides, work_about_a_microsecond

KEYS = 100_000
WRITES = {"read": 5, "write": 50}  # percent


def on_threads(works):
    """Runs each of the functions on a thread of its own and waits for their ends."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def lock(measure):
    if measure.parts[0] != "lock":
        return False
    is_uncontended = measure.parts[1] == "uncontended"
    count = 1 if is_uncontended else int(measure.parts[1])
    work = lock_long if measure.parts[-1] == "long" else lock_short

    def body(operations):
        guard = threading.Lock()
        on_threads([lambda: work(guard, operations // count)] * count)

    return measure.run("threading.Lock", body)


def lock_short(guard, share):
    value = 0
    for _ in range(share):
        with guard:
            value += 1


def lock_long(guard, share):
    value = 1
    for _ in range(share):
        with guard:
            value = work_about_a_microsecond(value)


def semaphore(measure):
    if measure.parts[0] != "semaphore" or measure.parts[2] != "threads":
        return False
    count, permits = map(int, measure.parts[1].split("x")) if "x" in measure.parts[1] else (1, 1)

    def body(operations):
        free = threading.Semaphore(permits)
        on_threads([lambda: acquire_release(free, operations // count)] * count)

    return measure.run("threading.Semaphore", body)


def acquire_release(free, share):
    for _ in range(share):
        with free:
            pass


def hand_over(measure):
    if measure.parts[0] != "queue" or measure.parts[3] != "threads" or measure.parts[2] == "0":
        return False
    producers, consumers = sides(measure.parts[1])
    capacity = 0 if measure.parts[2] == "unbounded" else int(measure.parts[2])

    def body(operations):
        items = queue.Queue(capacity)
        producing = [lambda: put(items, operations // producers)] * producers
        on_threads(producing + [lambda: get(items, operations // consumers)] * consumers)

    return measure.run("queue.Queue", body)


def put(items, count):
    for item in range(count):
        items.put(item)


def get(items, count):
    for _ in range(count):
        items.get()


def ping_pong(measure):
    if measure.parts[0] != "pingpong" or measure.parts[2] != "threads":
        return False
    if measure.parts[1] == "semaphore":
        return measure.run("threading.Semaphore", ping_pong_by_semaphore)
    return measure.run("queue.Queue", ping_pong_by_queue)


def ping_pong_by_semaphore(operations):
    first, second = threading.Semaphore(1), threading.Semaphore(0)

    def play(mine, other):
        for _ in range(operations):
            mine.acquire()
            other.release()

    on_threads([lambda: play(first, second), lambda: play(second, first)])


def ping_pong_by_queue(operations):
    first, second = queue.Queue(1), queue.Queue(1)
    first.put(0)

    def play(mine, other):
        for _ in range(operations):
            other.put(mine.get())

    on_threads([lambda: play(first, second), lambda: play(second, first)])


def dictionary(measure):
    if measure.parts[0] != "dictionary":
        return False
    percent = WRITES[measure.parts[1]]
    table, guard = {key: key for key in range(KEYS)}, threading.Lock()

    def body(operations):
        on_threads([lambda seed=seed: mix(table, guard, seed, percent, operations // 4) for seed in range(1, 5)])

    return measure.run("dict and threading.Lock", body)


def mix(table, guard, random, percent, operations):
    """Reads and writes at random keys; percent of the operations write."""
    for _ in range(operations):
        random = random * 1103515245 + 12345 & 0x7FFFFFFF
        key = (random >> 8) % KEYS
        with guard:
            if random % 100 < percent:
                table[key] = key
            else:
                table[key]


FAMILIES = [lock, semaphore, hand_over, ping_pong, dictionary]
