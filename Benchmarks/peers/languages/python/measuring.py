"""What the cases of this program share."""

import json
import time


class Measure:
    """A case that was asked for."""

    def __init__(self, name, seconds):
        self.name = name
        self.parts = name.split(".")
        self.seconds = seconds

    def run(self, by, body):
        """Finds how many operations (a multiple of 16) take a part of the time, repeats them for all of it, prints a line."""
        operations = 160
        elapsed = shorter_time_of(body, operations)
        while elapsed < self.seconds / 16:
            growth = max(2, min(10, self.seconds / 8 / elapsed))
            operations = int(operations * growth) // 16 * 16
            elapsed = shorter_time_of(body, operations)
        elapsed, total = 0, 0
        while elapsed < self.seconds:
            elapsed += time_of(body, operations)
            total += operations
        self.report(by, elapsed, total)
        return True

    def each(self, by, body):
        """Does what takes long once to warm up, then for all of the time, three times at the least, and prints a line."""
        body()
        started, count = time.perf_counter(), 0
        while count < 3 or time.perf_counter() - started < self.seconds:
            body()
            count += 1
        self.report(by, time.perf_counter() - started, count)

    def once(self, by, operations, body):
        """Does what takes very long once, and prints a line."""
        self.report(by, time_of(lambda _: body(), operations), operations)

    def fixed(self, by, operations, body):
        """Does a case of a fixed size once to warm up, then three times, and prints a line."""
        body()
        elapsed = sum(time_of(lambda operations: body(), operations) for _ in range(3))
        self.report(by, elapsed, 3 * operations)

    def report(self, by, elapsed, operations, **figures):
        line = {"case": self.name, "by": by, "ns": elapsed * 1e9 / operations, "operations": operations}
        print(json.dumps(line | figures), flush=True)


def shorter_time_of(body, operations):
    """Of two runs, so that what happens only the first time does not count."""
    return min(time_of(body, operations), time_of(body, operations))


def time_of(body, operations):
    started = time.perf_counter()
    body(operations)
    return time.perf_counter() - started


def sides(shape):
    """How many producers and consumers spsc, mpsc or mpmc has."""
    return (1 if shape[0] == "s" else 4, 1 if shape[2] == "s" else 4)


def work_about_a_microsecond(value):
    for _ in range(16):
        value = (value ^ value >> 2) * 5 & 0xFFFF
    return value
