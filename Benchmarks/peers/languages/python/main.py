"""Usage: main.py version | main.py SECONDS CASE..."""

import sys

import pools
import processes
import tasks
import threads
from measuring import Measure


def main():
    if sys.argv[1:] == ["version"]:
        print("CPython", sys.version.split()[0])
        return 0
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    for name in sys.argv[2:]:
        measure = Measure(name, float(sys.argv[1]))
        any(family(measure) for family in threads.FAMILIES + tasks.FAMILIES + pools.FAMILIES + processes.FAMILIES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
