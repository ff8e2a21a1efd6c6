"""loky's reusable executor. Usage: loky_pools.py version | loky_pools.py SECONDS CASE..."""

import os
import signal
import sys

import loky
from measuring import Measure
from processes import SIZES, bursts, nothing


def measure_case(measure):
    match measure.parts:
        case ["recovery"]:

            def recover():
                os.kill(loky.get_reusable_executor(1).submit(os.getpid).result(), signal.SIGKILL)
                while True:
                    try:
                        return loky.get_reusable_executor(1).submit(os.getpid).result()
                    except loky.process_executor.BrokenProcessPool:
                        pass

            measure.each("get_reusable_executor", recover)
        case ["call", "blocking"]:
            pool = loky.get_reusable_executor(1)
            measure.run("loky", lambda count: [pool.submit(nothing).result() for _ in range(count)])
        case ["calls"]:
            pool = loky.get_reusable_executor(2)
            measure.run("loky", lambda count: bursts(pool, count))
        case ["payload", size]:
            pool, data = loky.get_reusable_executor(1), b"7" * SIZES[size]
            send = lambda: pool.submit(len, data).result()
            if size == "1k":
                measure.run("loky", lambda count: [send() for _ in range(count)])
            else:
                measure.each("loky", send)


def main():
    if sys.argv[1:] == ["version"]:
        print("loky", loky.__version__)
        return
    for name in sys.argv[2:]:
        measure_case(Measure(name, float(sys.argv[1])))


if __name__ == "__main__":
    main()
