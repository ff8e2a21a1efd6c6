import BenchReport
import Glibc

func sleepForMilliseconds(_ count: UInt32) { usleep(count * 1000) }

func monotonicNanosecondsNow() -> Int64 { monotonicNanoseconds() }

/// Processor time of the whole process.
func processorNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
