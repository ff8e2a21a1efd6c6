"""multiprocessing and ProcessPoolExecutor."""

import asyncio
import multiprocessing
import os
import signal
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import shared_memory

from measuring import Measure
from pools import add_squares, is_prime
from threads import on_threads

SIZES = {"8": 8, "10": 10, "1k": 1 << 10, "1m": 1 << 20, "100m": 100 << 20}


def nothing():
    pass


def no_item(_):
    pass


def wait_shortly(_):
    time.sleep(0.05)


def echo(line):
    while True:
        line.send_bytes(line.recv_bytes())


def take(queue, line):
    while True:
        if not queue.get():
            line.send(0)


def put(queue, line, size):
    item = b"7" * size
    while True:
        for _ in range(line.recv()):
            queue.put(item)


def contend(value, line):
    while True:
        for _ in range(line.recv()):
            with value.get_lock():
                value.value += 1
        line.send(0)


def copy_shared(name, size, line):
    memory = shared_memory.SharedMemory(name)
    while True:
        line.recv()
        line.send(len(bytes(memory.buf[:size])))


def child(target, *arguments):
    mine, theirs = multiprocessing.Pipe()
    multiprocessing.Process(target=target, args=(*arguments, theirs), daemon=True).start()
    theirs.close()
    return mine


def primes(bounds):
    return sum(1 for number in range(*bounds) if is_prime(number))


RANGES = [(index * 100_000, (index + 1) * 100_000) for index in range(8)]


def starting(measure: Measure):
    match measure.parts:
        case ["start", method]:
            context = multiprocessing.get_context(method.lower())

            def start():
                process = context.Process(target=nothing)
                process.start()
                process.join()

            measure.each(f"multiprocessing, {method.lower()}", start)
        case ["recovery"]:
            pools = [ProcessPoolExecutor(1)]

            def recover():
                # An executor is broken by a death: another one has to be made.
                os.kill(pools[0].submit(os.getpid).result(), signal.SIGKILL)
                while True:
                    try:
                        return pools[0].submit(os.getpid).result()
                    except BrokenExecutor:
                        pools[0].shutdown()
                        pools[0] = ProcessPoolExecutor(1)

            measure.each("another ProcessPoolExecutor", recover)
            pools[0].shutdown()
        case _:
            return False
    return True


def calls(measure: Measure):
    match measure.parts:
        case ["call", "blocking"]:
            with ProcessPoolExecutor(1) as pool:
                measure.run("ProcessPoolExecutor", lambda count: [pool.submit(nothing).result() for _ in range(count)])
        case ["calls"]:
            with ProcessPoolExecutor(2) as pool:
                measure.run("ProcessPoolExecutor", lambda count: bursts(pool, count))
        case ["calls", "chunked"]:
            with multiprocessing.Pool(2) as pool:
                measure.run("Pool.map", lambda count: pool.map(no_item, range(count), chunksize=64))
        case ["payload", size]:
            with ProcessPoolExecutor(1) as pool:
                data = b"7" * SIZES[size]
                send = lambda: pool.submit(len, data).result()
                if size == "1k":
                    measure.run("ProcessPoolExecutor", lambda count: [send() for _ in range(count)])
                else:
                    measure.each("ProcessPoolExecutor", send)
        case _:
            return False
    return True


def bursts(pool, operations):
    for start in range(0, operations, 1000):
        for future in [pool.submit(nothing) for _ in range(min(1000, operations - start))]:
            future.result()


def lines(measure: Measure):
    match measure.parts:
        case ["echo", size]:
            line, message = child(echo), b"7" * SIZES[size]

            def there_and_back():
                line.send_bytes(message)
                line.recv_bytes()

            if size in ("10", "1k"):
                measure.run("Pipe", lambda count: [there_and_back() for _ in range(count)])
            else:
                measure.each("Pipe", there_and_back)
        case ["shared-queue", "spsc", size]:
            queue = multiprocessing.Queue(1000)
            line, item = child(take, queue), b"7" * SIZES[size]

            def hand_over(count):
                for _ in range(count):
                    queue.put(item)
                queue.put(b"")
                line.recv()

            measure.run("Queue", hand_over)
        case ["shared-queue", "mpsc", size]:
            queue = multiprocessing.Queue(1000)
            producers = [putter(queue, SIZES[size]) for _ in range(2)]

            def gather(count):
                for producer in producers:
                    producer.send(count // 2)
                for _ in range(count):
                    queue.get()

            measure.run("Queue", gather)
        case ["shared-memory", size]:
            data = b"7" * SIZES[size]
            memory = shared_memory.SharedMemory(create=True, size=len(data))
            line = child(copy_shared, memory.name, len(data))

            def share(count):
                for _ in range(count):
                    memory.buf[: len(data)] = data
                    line.send(1)
                    line.recv()

            measure.run("shared_memory", share)
            memory.close()
            memory.unlink()
        case _:
            return False
    return True


def putter(queue, size):
    mine, theirs = multiprocessing.Pipe()
    multiprocessing.Process(target=put, args=(queue, theirs, size), daemon=True).start()
    theirs.close()
    return mine


def sharing(measure: Measure):
    match measure.parts:
        case ["shared-lock" | "shared-counter", count]:
            # There is no counter without a lock.
            value = multiprocessing.Value("q", 0)
            contenders = [child(contend, value) for _ in range(int(count))]

            def change(operations):
                for line in contenders:
                    line.send(operations // len(contenders))
                for line in contenders:
                    line.recv()

            measure.run("Value", change)
        case ["manager", operation]:
            with multiprocessing.Manager() as manager:
                dictionary, lock = manager.dict(a=0), manager.Lock()

                def locked():
                    with lock:
                        pass

                body = {
                    "get": lambda: dictionary["a"],
                    "set": lambda: dictionary.__setitem__("a", 1),
                    "lock": locked,
                }[operation]
                measure.run("Manager", lambda count: [body() for _ in range(count)])
        case _:
            return False
    return True


def in_processes(body):
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(body, range(4)))


async def sleep_in_tasks():
    await asyncio.gather(*(asyncio.sleep(0.05) for _ in range(4)))


async def compute_in_tasks():
    async def compute(index):
        add_squares(index)

    await asyncio.gather(*(compute(index) for index in range(4)))


def work(measure: Measure):
    match measure.parts:
        case ["primes", "sequential"]:
            measure.once("a loop", 800_000, lambda: [primes(bounds) for bounds in RANGES])
        case ["primes", "processes"]:

            def search():
                with ProcessPoolExecutor(2) as pool:
                    list(pool.map(primes, RANGES))

            measure.once("ProcessPoolExecutor of 2", 800_000, search)
        case ["compute", "sequential"]:
            measure.once("a loop", 800_000, lambda: [add_squares(index) for index in range(4)])
        case ["compute", "threads"]:
            measure.once("4 threads", 800_000, lambda: on_threads([lambda: add_squares(1)] * 4))
        case ["compute", "tasks"]:
            measure.once("asyncio.gather", 800_000, lambda: asyncio.run(compute_in_tasks()))
        case ["compute", "processes"]:
            measure.once("ProcessPoolExecutor of 4", 800_000, lambda: in_processes(add_squares))
        case ["wait", "sequential"]:
            measure.once("a loop", 4, lambda: [wait_shortly(index) for index in range(4)])
        case ["wait", "threads"]:
            measure.once("4 threads", 4, lambda: on_threads([lambda: wait_shortly(0)] * 4))
        case ["wait", "tasks"]:
            measure.once("asyncio.gather", 4, lambda: asyncio.run(sleep_in_tasks()))
        case ["wait", "processes"]:
            measure.once("ProcessPoolExecutor of 4", 4, lambda: in_processes(wait_shortly))
        case _:
            return False
    return True


FAMILIES = [starting, calls, lines, sharing, work]
