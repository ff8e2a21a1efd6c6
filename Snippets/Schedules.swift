// Has a job enqueued on weekday mornings, shows the coming ticks, and takes the schedule away again.

import Foundation
import SkeinJobs

struct Report: Job {
  static let name = "report"
  func run(in context: JobContext) async throws -> String { "all is well" }
}

let queue = try await JobQueue(directory: NSTemporaryDirectory() + "skein-snippet-schedules")
try await queue.schedule(
  "report", .cron("30 4 * * MON-FRI", timeZone: "Europe/Berlin", jitter: .seconds(300)), Report(),
  avoidsOverlap: true)

for schedule in try await queue.schedules() {
  print(schedule.name, schedule.new.schedule.next(3, after: Date()))
}
try await queue.removeSchedule("report")
try await queue.close()
