"""What the peer programs share: arguments, processes that always end, timing, and the line they print.

Each peer is a module that is first run, and then imported under its own name by the program that
measures and by the worker that this program starts. The module has the task `noop(sent)`, which calls
`record_start(sent)` and nothing else, and
- SYSTEM, VERSION, NOTE: what the line says of it;
- `connect()`: gives a forked process connections of its own;
- `enqueue(sent)`: enqueues one job; `clear()`: forgets all that are waiting;
- `has_results(count)`: whether so many results are stored; it is asked often, and must cost little;
- `worker_command(concurrency)`: the command line of a worker.
It may have `chord(count)` and `chain(count)`, which run a flow of so many jobs and return when its result is there.

Times that cross processes are CLOCK_MONOTONIC, which is one clock for the whole machine.
"""

import argparse
import contextlib
import ctypes
import importlib
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PRODUCERS = 8
PATIENCE = 60.0
"""Seconds after which a wait is a failure of the benchmark."""


# In the worker process ------------------------------------------------------------------------


def folder() -> pathlib.Path:
    """The run's own folder, which the program that measures and its workers share."""
    return pathlib.Path(os.environ["PEER_FOLDER"])


_starts = {}


def record_start(sent: int) -> None:
    """Notes when a job began.

    A job of the throughput run (`sent` is 0) is noted once for each process: one dictionary look-up
    for every other job. A job of the latency run is noted with the nanoseconds since it was sent.
    """
    now = time.monotonic_ns()
    pid = os.getpid()
    if sent:
        with open(folder() / "latencies", "a") as file:
            file.write(f"{now - sent}\n")
    elif pid not in _starts:
        _starts[pid] = now
        (folder() / f"first-start-{pid}").write_text(str(now))


# Processes ------------------------------------------------------------------------------------


def _end_with_parent() -> None:
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def process(*command: str, log: str):
    """A child in a process group of its own, all of which is gone afterwards."""
    with open(folder() / log, "ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=pathlib.Path(__file__).parent,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
    try:
        yield child
    finally:
        for kind, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(patience)


@contextlib.contextmanager
def redis_server():
    """A Redis of the run's own on a free loopback port, with nothing written to disk."""
    program = shutil.which("redis-server")
    if program is None:
        raise Skipped("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["PEER_REDIS"] = f"redis://127.0.0.1:{port}/0"
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder())]
    with process(program, *options, log="redis.log"):
        wait_until(redis_answers, "redis-server did not answer")
        yield


def redis_client():
    import redis

    return redis.Redis.from_url(os.environ["PEER_REDIS"])


def redis_answers() -> bool:
    import redis

    try:
        with redis_client() as client:
            return client.ping()
    except (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError):
        return False


def memory_mb(root_pid: int) -> float:
    """The memory of a process and its descendants; a page that they share is counted once."""
    total = 0
    for pid in [root_pid, *descendants(root_pid)]:
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total * 1024 / 1e6


def descendants(pid: int):
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from descendants(child)


# Measuring ------------------------------------------------------------------------------------


class Skipped(Exception):
    """The peer cannot run here; the message says what is missing."""


def wait_until(condition, complaint: str, every: float = 0.005) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(every)


def _produce(enqueue, connect, count: int, barrier, results) -> None:
    connect()
    enqueue(0)
    barrier.wait()
    started = time.monotonic()
    for _ in range(count):
        enqueue(0)
    results.put((started, time.monotonic()))


def enqueue_rate(peer, producers: int, jobs: int) -> float:
    """Jobs a second that so many producer processes enqueue, each one at a time."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(producers), context.Queue()
    children = [
        context.Process(
            target=_produce, args=(peer.enqueue, peer.connect, jobs // producers, barrier, results), daemon=True
        )
        for _ in range(producers)
    ]
    for child in children:
        child.start()
    spans = [results.get(timeout=PATIENCE) for _ in children]
    for child in children:
        child.join()
    return (jobs // producers) * producers / (max(end for _, end in spans) - min(start for start, _ in spans))


def percentile(ordered: list, share: float) -> float:
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def measure_latency(peer, samples: int) -> list:
    """Milliseconds from enqueue to the start of the job, one job at a time, at odd intervals."""
    generator = random.Random(1)
    file = folder() / "latencies"
    file.touch()
    for sample in range(1, samples + 1):
        time.sleep(generator.uniform(0.005, 0.06))
        peer.enqueue(time.monotonic_ns())
        wait_until(lambda: file.read_text().count("\n") >= sample, "a job of the latency run did not start", 0.002)
    return sorted(int(line) / 1e6 for line in file.read_text().splitlines())


def measure(peer, arguments) -> dict:
    figures = {"enqueue_8_producers_per_second": round(enqueue_rate(peer, PRODUCERS, arguments.jobs))}
    peer.clear()
    figures["enqueue_per_second"] = round(enqueue_rate(peer, 1, arguments.jobs))
    waiting = arguments.jobs + 1  # with the one that warmed the producer up
    peer.connect()
    with process(*peer.worker_command(arguments.concurrency), log="worker.log") as worker:
        wait_until(lambda: peer.has_results(waiting), "the jobs were not all done", 0.02)
        last_done = time.monotonic_ns()
        first_start = min(int(file.read_text()) for file in folder().glob("first-start-*"))
        figures["end_to_end_per_second"] = round(waiting / (last_done - first_start) * 1e9)
        latencies = measure_latency(peer, arguments.latency_samples)
        figures["latency_p50_ms"] = round(percentile(latencies, 0.50), 2)
        figures["latency_p99_ms"] = round(percentile(latencies, 0.99), 2)
        figures |= measure_flows(peer)
        figures["memory_mb"] = round(memory_mb(worker.pid))
    return figures


def measure_flows(peer) -> dict:
    """Milliseconds from the enqueue of a flow to its result: the median of five, after one that warms up."""
    figures = {}
    for name, count in (("chord", 1000), ("chain", 100)):
        run = getattr(peer, name, None)
        if run is None:
            continue
        times = []
        for _ in range(6):
            start = time.monotonic()
            run(count)
            times.append((time.monotonic() - start) * 1000)
        figures[f"{name}_{count}_ms"] = round(percentile(sorted(times[1:]), 0.5), 1)
    return figures


def run(name: str, needs_redis: bool, variants: tuple = ()) -> None:
    """Measures the peer of that module's name and prints one line of JSON, also when the peer is not there.

    A peer that can be set up in more ways than one names them, and reads the chosen one (or "") from PEER_VARIANT.
    """
    parser = argparse.ArgumentParser(description="Measures a job queue with jobs that do nothing.")
    parser.add_argument("--jobs", type=int, default=3000, help="jobs enqueued and run (default 3000)")
    parser.add_argument("--concurrency", type=int, default=2, help="worker processes or threads (default 2)")
    parser.add_argument("--latency-samples", type=int, default=100, help="jobs timed alone (default 100)")
    parser.add_argument("--variant", choices=variants, default="", help="another set-up than the usual one")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    path = tempfile.mkdtemp(prefix="peer-")
    os.environ["PEER_FOLDER"] = path
    os.environ["PEER_VARIANT"] = arguments.variant
    answer = {"system": name}
    try:
        with redis_server() if needs_redis else contextlib.nullcontext():
            peer = importlib.import_module(name)
            answer = {"system": peer.SYSTEM, "version": peer.VERSION}
            answer |= measure(peer, arguments) | {"note": peer.NOTE}
    except (ImportError, Skipped) as error:
        answer |= {"skipped": str(error)}
    except TimeoutError as error:
        logs = "".join(file.read_text(errors="replace")[-2000:] for file in pathlib.Path(path).glob("*.log"))
        sys.exit(f"{name}: {error}\n{logs}")
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        shutil.rmtree(path, ignore_errors=True)
    print(json.dumps(answer), flush=True)
