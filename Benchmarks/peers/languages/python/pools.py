"""concurrent.futures' pools."""

import json
import math
import resource
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from measuring import Measure, work_about_a_microsecond
from threads import on_threads

MEANS = "ThreadPoolExecutor"


def total(pool, count):
    futures = [pool.submit(int, index) for index in range(count)]
    assert sum(future.result() for future in futures) == count * (count - 1) // 2


def submitting(measure: Measure):
    match measure.name:
        case "latency":
            with ThreadPoolExecutor(2) as pool:
                measure.run(MEANS, lambda operations: [pool.submit(int).result() for _ in range(operations)])
        case "throughput":
            with ThreadPoolExecutor(2) as pool:
                measure.run(MEANS, lambda operations: bursts(pool, operations))
        case "million":
            with ThreadPoolExecutor(2) as pool:
                measure.fixed(MEANS, 50_000, lambda: total(pool, 50_000))
        case "producers":
            with ThreadPoolExecutor(2) as pool:
                measure.fixed(MEANS, 50_000, lambda: on_threads([lambda: total(pool, 12_500)] * 4))
        case "fan-out":
            with ThreadPoolExecutor(2) as pool:
                measure.run(MEANS, lambda operations: fan_out(pool, operations))
        case "as-completed":
            with ThreadPoolExecutor(2) as pool:
                measure.fixed("as_completed", 20_000, lambda: completed(pool, 20_000))
        case "growth.1" | "growth.2":
            with ThreadPoolExecutor(int(measure.name[-1])) as pool:
                measure.fixed(MEANS, 40_000, lambda: primes(pool))
        case "idle":
            idle(measure)
        case _:
            return False
    return True


def bursts(pool, operations):
    for start in range(0, operations, 1000):
        total(pool, min(1000, operations - start))


def fan_out(pool, operations):
    for start in range(0, operations, 100):
        futures = [pool.submit(work_about_a_microsecond, 1) for _ in range(min(100, operations - start))]
        for future in futures:
            future.result()


def completed(pool, count):
    futures = [pool.submit(int, index) for index in range(count)]
    assert sum(future.result() for future in as_completed(futures)) == count * (count - 1) // 2


def is_prime(number):
    if number < 2:
        return False
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 1
    return True


def primes(pool):
    """A tenth of the numbers of the others."""
    chunks = [range(start, start + 625) for start in range(0, 40_000, 625)]
    assert sum(pool.map(lambda chunk: sum(map(is_prime, chunk)), chunks)) == 4203


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def idle(measure):
    before = resident_bytes()
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(time.sleep, 0.005) for _ in range(64)]:
            future.result()
        time.sleep(0.2)
        size = max(0, resident_bytes() - before) / 8
        used, started = time.process_time_ns(), time.perf_counter()
        time.sleep(1)
        ns = (time.process_time_ns() - used) / (time.perf_counter() - started)
    print(json.dumps({"case": measure.name, "by": MEANS, "ns": ns, "operations": 8, "bytes": size}), flush=True)


def computing(measure: Measure):
    """A tenth of the elements of the others."""
    count = 1_000_000
    match measure.name:
        case "map":
            numbers = [float(number) for number in range(count)]
            with ThreadPoolExecutor(2) as pool:
                measure.fixed("ThreadPoolExecutor.map", count, lambda: mapped(pool, numbers))
        case "reduce":
            numbers = list(range(count))
            measure.fixed("sum", count, lambda: sum(x * x & 1023 for x in numbers))
        case "sort":
            random = random_numbers(count)
            measure.fixed("list.sort", count, lambda: sorted(random))
        case _:
            return False
    return True


def mapped(pool, numbers):
    size = len(numbers) // 16
    chunks = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    parts = pool.map(lambda chunk: [math.sqrt(x) * 1.5 + 1 for x in chunk], chunks)
    assert [x for part in parts for x in part][4] == 4


def random_numbers(count):
    numbers, state, mask = [], 88172645463325252, (1 << 64) - 1
    for _ in range(count):
        state ^= state << 13 & mask
        state ^= state >> 7
        state ^= state << 17 & mask
        numbers.append(state)
    return numbers


def add_squares(index):
    total = index
    for number in range(200_000):
        total += number * number
    return total


def count_to(limit):
    total = 0
    for number in range(limit):
        total += number
    return total


def chapter(measure: Measure):
    """The chapter's own loops, with fewer turns."""
    counted = 2_000_000
    nap = lambda index: time.sleep(0.05)
    match measure.name:
        case "cpu-bound.sequential":
            measure.fixed("a loop", 800_000, lambda: [add_squares(index) for index in range(4)])
        case "cpu-bound.threads":
            measure.fixed("4 threads", 800_000, lambda: on_threads([lambda: add_squares(1)] * 4))
        case "io-bound.sequential":
            measure.fixed("a loop", 4, lambda: [nap(index) for index in range(4)])
        case "io-bound.threads":
            measure.fixed("4 threads", 4, lambda: on_threads([lambda: nap(0)] * 4))
        case "count.1":
            measure.fixed("a loop", counted, lambda: count_to(counted))
        case "count.4":
            measure.fixed("4 threads", counted, lambda: on_threads([lambda: count_to(counted // 4)] * 4))
        case _:
            return False
    return True


FAMILIES = [submitting, computing, chapter]
