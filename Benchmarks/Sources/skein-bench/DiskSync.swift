import BenchReport
import Glibc

/// How often a second the disk under a folder takes 4 KiB for good: what a commit of its own can reach at the best.
func measureDiskSync(in folder: String, times: Int = 500) throws -> Double {
  let path = folder + "/sync-probe"
  let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
  guard file >= 0 else { throw BenchmarkError("cannot write \(path): \(String(cString: strerror(errno)))") }
  defer {
    close(file)
    unlink(path)
  }
  let page = [UInt8](repeating: 1, count: 4096)
  let elapsed = ContinuousClock().measure {
    for _ in 0..<times {
      _ = write(file, page, page.count)
      fdatasync(file)
    }
  }
  return Double(times) / elapsed.seconds
}
