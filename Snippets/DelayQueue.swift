// Elements that must not come out before their time: retries, reminders, expiry.

import SkeinSync

func remind() async throws {
  let reminders = DelayQueue<String, MonotonicClock>(name: "reminders")
  try await reminders.put("second", after: .milliseconds(20))
  try await reminders.put("first", after: .milliseconds(10))

  // Waits until the first one is due; a later put that is due earlier would be served earlier.
  print(try await reminders.get().element)
  print(try await reminders.get(timeout: .seconds(1)).element)
}

try await remind()
