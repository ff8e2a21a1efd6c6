"""asyncio."""

import asyncio
import time

from measuring import sides

WAITERS = 100_000


def run_all(measure, by, works):
    """Measures a case that consists of tasks: `works` makes their coroutines, inside the loop."""

    async def main(operations):
        await asyncio.gather(*works(operations))

    return measure.run(by, lambda operations: asyncio.run(main(operations)))


def semaphore(measure):
    if measure.parts[0] != "semaphore" or measure.parts[2] != "tasks":
        return False
    count, permits = map(int, measure.parts[1].split("x")) if "x" in measure.parts[1] else (1, 1)

    def works(operations):
        free = asyncio.Semaphore(permits)
        return [acquire_release(free, operations // count) for _ in range(count)]

    return run_all(measure, "asyncio.Semaphore", works)


async def acquire_release(free, share):
    for _ in range(share):
        async with free:
            pass


def hand_over(measure):
    if measure.parts[0] != "queue" or measure.parts[3] != "tasks" or measure.parts[2] == "0":
        return False
    producers, consumers = sides(measure.parts[1])
    capacity = 0 if measure.parts[2] == "unbounded" else int(measure.parts[2])

    def works(operations):
        items = asyncio.Queue(capacity)
        producing = [put(items, operations // producers) for _ in range(producers)]
        return producing + [get(items, operations // consumers) for _ in range(consumers)]

    return run_all(measure, "asyncio.Queue", works)


async def put(items, count):
    for item in range(count):
        await items.put(item)


async def get(items, count):
    for _ in range(count):
        await items.get()


def ping_pong(measure):
    if measure.parts[0] != "pingpong" or measure.parts[2] != "tasks":
        return False
    is_semaphore = measure.parts[1] == "semaphore"
    works = ping_pong_by_semaphore if is_semaphore else ping_pong_by_queue
    return run_all(measure, "asyncio.Semaphore" if is_semaphore else "asyncio.Queue", works)


def ping_pong_by_semaphore(operations):
    first, second = asyncio.Semaphore(1), asyncio.Semaphore(0)

    async def play(mine, other):
        for _ in range(operations):
            await mine.acquire()
            other.release()

    return [play(first, second), play(second, first)]


def ping_pong_by_queue(operations):
    first, second = asyncio.Queue(1), asyncio.Queue(1)
    first.put_nowait(0)

    async def play(mine, other):
        for _ in range(operations):
            await other.put(await mine.get())

    return [play(first, second), play(second, first)]


def select(measure):
    if measure.name != "select.8.tasks":
        return False

    def works(operations):
        queues = [asyncio.Queue(64) for _ in range(8)]
        return [put(items, operations // 8) for items in queues] + [get_from_any(queues, operations)]

    return run_all(measure, "asyncio.wait", works)


async def get_from_any(queues, count):
    pending = {asyncio.create_task(items.get()): items for items in queues}
    while count > 0:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            items = pending.pop(task)
            pending[asyncio.create_task(items.get())] = items
        count -= len(done)
    for task in pending:
        task.cancel()


def waiters(measure):
    if measure.name != f"waiters.{WAITERS}.tasks":
        return False
    elapsed, growth = asyncio.run(wait_and_release())
    measure.report("asyncio.Semaphore", elapsed, WAITERS, bytes=growth // WAITERS)
    return True


async def wait_and_release():
    free = asyncio.Semaphore(0)
    before, started = resident_bytes(), time.perf_counter()
    tasks = [asyncio.create_task(free.acquire()) for _ in range(WAITERS)]
    await asyncio.sleep(0)  # every task runs until it waits
    growth = resident_bytes() - before
    for index in range(WAITERS):
        free.release()
        if index % 64 == 0:
            await asyncio.sleep(0)  # a release looks past all that were woken and have not run yet
    await asyncio.gather(*tasks)
    return time.perf_counter() - started, growth


def resident_bytes():
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1]) * 4096


FAMILIES = [semaphore, hand_over, ping_pong, select, waiters]
