"""Dramatiq on Redis, results stored, one process with eight threads."""

import os
import sys

import measuring

if __name__ == "__main__":
    sys.exit(measuring.run("dramatiq_jobs", needs_redis=True))

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

THREADS = 8

SYSTEM = "Dramatiq"
VERSION = dramatiq.__version__
NOTE = f"Redis, 1 process with {THREADS} threads, its default; nothing synced to disk"

broker = RedisBroker(url=os.environ["PEER_REDIS"])
broker.add_middleware(Results(backend=RedisBackend(url=os.environ["PEER_REDIS"])))
dramatiq.set_broker(broker)
redis = measuring.redis_client()


@dramatiq.actor(store_results=True)
def noop(sent):
    measuring.record_start(sent)
    return 0  # with None it would warn


def connect():
    pass  # its connections notice a fork


def enqueue(sent):
    noop.send(sent)


def clear():
    redis.flushdb()


def has_results(count):
    # Every result is a key of its own; those of the queue and of the worker begin with the broker's namespace.
    if redis.dbsize() < count:
        return False
    return redis.dbsize() - sum(1 for _ in redis.scan_iter("dramatiq:*", count=100_000)) >= count


def worker_command(concurrency):
    return [sys.executable, "-m", "dramatiq", "dramatiq_jobs", "--processes", "1", "--threads", str(THREADS)]
