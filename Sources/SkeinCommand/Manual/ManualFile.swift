/// A file of a queue.
struct ManualFile {
  var path: String
  var meaning: String

  /// All of them; the paths go on from the queue's directory.
  static let all = [
    ManualFile(
      path: "queue.sqlite",
      meaning:
        "The jobs, in a database of SQLite's, which keeps queue.sqlite-wal and queue.sqlite-shm beside it."),
    ManualFile(path: "queue.lock", meaning: "The lock on which those who write stand in line."),
    ManualFile(path: "queue.signals", meaning: "Shared memory that wakes those who wait for news."),
    ManualFile(path: "workers/", meaning: "A file for each worker, locked as long as it lives."),
  ]
}
