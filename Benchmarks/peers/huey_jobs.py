"""Huey on SQLite, results stored, a consumer with threads."""

import os
import sqlite3
import sys

import measuring

if __name__ == "__main__":
    sys.exit(measuring.run("huey_jobs", needs_redis=False, variants=("unsynced",)))

import huey as package

synced = os.environ["PEER_VARIANT"] != "unsynced"

SYSTEM = "Huey" if synced else "Huey unsynced"
VERSION = package.__version__
NOTE = "SQLite, threads, polling; a job is deleted when it is taken; " + (
    "synced to disk, as SQLite does by itself" if synced else "fsync=False: nothing synced to disk"
)

path = str(measuring.folder() / "huey.sqlite")
huey = package.SqliteHuey(filename=path, **({} if synced else {"fsync": False}))
watcher = sqlite3.connect(path)


@huey.task()
def noop(sent):
    measuring.record_start(sent)
    return 0  # None would not be stored


def connect():
    huey.storage.close()  # opened again when it is next used


def enqueue(sent):
    noop(sent)


def clear():
    huey.storage.flush_all()


def has_results(count):
    return watcher.execute("SELECT count(*) FROM kv").fetchone()[0] >= count


def worker_command(concurrency):
    pool = ["--worker-type", "thread", "--workers", str(concurrency)]
    return [sys.executable, "-m", "huey.bin.huey_consumer", "huey_jobs.huey", *pool]
