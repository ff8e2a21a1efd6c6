"""Celery on Redis, results stored, prefork pool, all else as it comes."""

import os
import sys

import measuring

if __name__ == "__main__":
    sys.exit(measuring.run("celery_jobs", needs_redis=True))

import celery

SYSTEM = "Celery"
VERSION = celery.__version__
NOTE = "Redis, prefork; nothing synced to disk; a job is acknowledged before it runs"

app = celery.Celery("celery_jobs", broker=os.environ["PEER_REDIS"], backend=os.environ["PEER_REDIS"])
redis = measuring.redis_client()


@app.task(name="noop")
def noop(sent):
    measuring.record_start(sent)


@app.task(name="total")
def total(parts):
    return len(parts)


@app.task(name="step")
def step(number):
    return number + 1


def chord(count):
    result = celery.chord(noop.si(0) for _ in range(count))(total.s())
    assert result.get(timeout=measuring.PATIENCE, interval=0.002) == count


def chain(count):
    result = celery.chain(step.s(0), *(step.s() for _ in range(count - 1)))()
    assert result.get(timeout=measuring.PATIENCE, interval=0.002) == count


def connect():
    pass  # connections are made when they are first used, which is after the fork


def enqueue(sent):
    noop.delay(sent)


def clear():
    redis.flushdb()


def has_results(count):
    # Every result is a key of its own; beside them are the queue, its bindings and what is unacknowledged.
    if redis.dbsize() < count:
        return False
    others = sum(1 for pattern in ("_kombu*", "unacked*") for _ in redis.scan_iter(pattern, count=100_000))
    return redis.dbsize() - others - redis.exists("celery") >= count


def worker_command(concurrency):
    pool = ["--pool", "prefork", "--concurrency", str(concurrency)]
    return [sys.executable, "-m", "celery", "-A", "celery_jobs", "worker", *pool]
