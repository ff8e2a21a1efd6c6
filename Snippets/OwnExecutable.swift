// An executable of your own that has every verb of skein, for your jobs and the built-in ones.

import SkeinCommand
import SkeinJobs

struct Resize: Job {
  static let name = "image.resize"
  var path: String

  func run(in context: JobContext) async throws -> Int {
    context.appendLog(line: "resizing \(path)")
    return 640
  }
}

await SkeinCommand.main(jobs: [Resize.self])
