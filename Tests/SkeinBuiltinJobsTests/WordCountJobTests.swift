import FoundationEssentials
import Glibc
import SkeinJobs
import SkeinResilience
import SkeinTesting
import Testing

@testable import SkeinBuiltinJobs

@Suite("wordcount")
struct WordCountJobTests {
  let context = JobContext()

  @Test("a file is counted")
  func file() async throws {
    try await withFolder { folder in
      let file = try folder.write("a.txt", "The cat and the hat.\n")
      let count = try await WordCountJob(paths: [file], top: 2).run(in: context)
      #expect(
        count
          == WordCount(
            totalWords: 5, distinctWords: 4,
            topWords: [.init(word: "the", count: 2), .init(word: "and", count: 1)],
            filesCounted: 1, filesSkipped: 0, bytes: 21))
      #expect(context.progress?.fraction == 1)
    }
  }

  @Test("any size of chunk gives the same", arguments: [1, 2, 3, 7, 64, 8192, 100_000])
  func chunks(size: Int) async throws {
    var generator = SeededGenerator(seed: 42)
    let words = ["one", "zwei", "тройка", "四", "cinq’s", "ÉTÉ", "x"]
    let bytes = (0..<800).flatMap { _ in Array((words.randomElement(using: &generator)! + " ").utf8) }
    try await withFolder { folder in
      let job = WordCountJob(paths: [try folder.write("a", bytes)])
      let count = try await job.run(in: context, chunkBytes: size)
      let naive = NaiveWordCount(bytes)
      #expect(count.totalWords == naive.total)
      #expect(count.topWords.map { "\($0.word) \($0.count)" } == naive.top(10))
      #expect(count.bytes == bytes.count)
    }
  }

  @Test("a word does not go on in the next file, even when a file ends within a character")
  func fileBorder() async throws {
    try await withFolder { folder in
      try folder.write("1", "end")
      try folder.write("2", [0x61, 0xC3] as [UInt8])
      try folder.write("3", [0xA9, 0x62] as [UInt8])
      let count = try await WordCountJob(paths: [folder.path]).run(in: context, chunkBytes: 1)
      #expect(count.topWords.map(\.word) == ["a", "b", "end"])
      #expect(count.filesCounted == 3)
    }
  }

  @Test("a folder is counted with all that is below it")
  func nested() async throws {
    try await withFolder { folder in
      try folder.write("a", "one")
      try folder.write("b/c", "two two")
      try folder.write("b/d/e/f/g", "three three three")
      try folder.write("empty", "")
      let count = try await WordCountJob(paths: [folder.path]).run(in: context)
      #expect(count.topWords.map(\.word) == ["three", "two", "one"])
      #expect(count.filesCounted == 4)
      #expect(count.filesSkipped == 0)
      #expect(count.bytes == 3 + 7 + 17)
    }
  }

  @Test("hidden files, hidden folders, binary files and links are left out and counted as skipped")
  func skipped() async throws {
    try await withFolder { folder in
      try folder.write("text", "word")
      try folder.write(".hidden", "hidden")
      try folder.write(".git/config", "hidden")
      try folder.write("binary", Array("binary".utf8) + [0])
      try folder.write("late", Array(repeating: UInt8(ascii: "x"), count: 8192) + [0])
      folder.link("link", to: "text")
      #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
      let count = try await WordCountJob(paths: [folder.path]).run(in: context, chunkBytes: 100)
      #expect(count.filesCounted == 2)
      #expect(count.filesSkipped == 5)
      #expect(count.totalWords == 2)
      #expect(context.log.isEmpty)
      #expect(context.progress?.fraction == 1)
    }
  }

  @Test("what the job names is taken, hidden or a link")
  func named() async throws {
    try await withFolder { folder in
      try folder.write(".hidden/.file", "word")
      folder.link("link", to: ".hidden/.file")
      let paths = [".hidden/.file", "link"].map { "\(folder.path)/\($0)" }
      #expect(try await WordCountJob(paths: paths).run(in: context).totalWords == 2)
      #expect(try await WordCountJob(paths: [folder.path + "/.hidden/."]).run(in: context).filesSkipped == 1)
    }
  }

  @Test("links that go round in a circle come to an end")
  func linkLoop() async throws {
    try await withFolder { folder in
      try folder.write("a/b/file", "word")
      folder.link("a/b/up", to: "../..")
      folder.link("a/self", to: "self")
      let count = try await WordCountJob(paths: [folder.path]).run(in: context)
      #expect(count.totalWords == 1)
      #expect(count.filesSkipped == 2)
    }
  }

  @Test(
    "a path that is not there fails for good, before anything is counted",
    arguments: ["missing", "dangling", "loop"])
  func missing(name: String) async throws {
    try await withFolder { folder in
      try folder.write("a", "word")
      folder.link("dangling", to: "nowhere")
      folder.link("loop", to: "loop")
      let job = WordCountJob(paths: [folder.path, "\(folder.path)/\(name)"])
      let error = try await #require(throws: PathNotFound.self) { try await job.run(in: context) }
      #expect(ErrorName.isPermanent(error))
      #expect(error.description == "there is no file or folder '\(folder.path)/\(name)'")
      #expect(context.progress == nil)
    }
  }

  @Test("a device that the job names is skipped, with a line in the log")
  func device() async throws {
    let count = try await WordCountJob(paths: ["/dev/zero"]).run(in: context)
    #expect(count.filesSkipped == 1)
    #expect(context.logText == "warning: skipped /dev/zero: neither a file nor a folder\n")
  }

  @Test(
    "what can not be read is skipped, with a line in the log",
    .enabled(if: getuid() != 0, "root reads everything"))
  func unreadable() async throws {
    try await withFolder { folder in
      try folder.write("a", "word")
      chmod(try folder.write("locked", "word"), 0)
      let closed = try folder.write("closed/a", "word").dropLast(2)
      chmod(String(closed), 0)
      defer { chmod(String(closed), 0o700) }
      let count = try await WordCountJob(paths: [folder.path]).run(in: context)
      #expect(count.totalWords == 1)
      #expect(count.filesSkipped == 2)
      #expect(context.logLines.count == 2)
    }
  }

  @Test("a file whose reading fails is skipped, with a line in the log")
  func failingRead() async throws {
    // A regular file by its status, but reading at its beginning fails with EIO for everybody.
    let count = try await WordCountJob(paths: ["/proc/self/mem"]).run(in: context)
    #expect(count.filesSkipped == 1)
    #expect(context.logText.contains("skipped /proc/self/mem: "))
  }

  @Test("names that are no UTF-8 are read as well")
  func foreignName() async throws {
    try await withFolder { folder in
      var path = Array(folder.path.utf8CString.dropLast()) + [0x2F, CChar(bitPattern: 0xFF), 0]
      let file = open(&path, O_CREAT | O_WRONLY, 0o600)
      #expect(write(file, "word", 4) == 4)
      close(file)
      let count = try await WordCountJob(paths: [folder.path]).run(in: context)
      #expect(count.totalWords == 1)
    }
  }

  @Test("a cancelled count ends within a chunk")
  func cancellation() async throws {
    try await withFolder { folder in
      let file = try folder.write("a", String(repeating: "word ", count: 1000))
      let (context, executor) = (context, ManualTaskExecutor())
      let task = executor.start { try await WordCountJob(paths: [file]).run(in: context, chunkBytes: 16) }
      try await executor.runUntil("the count has begun") { (context.progress?.fraction ?? 0) > 0 }
      task.cancel()
      // A yield may take two.
      #expect(executor.runUntilIdle() <= 2)
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(context.progress!.fraction < 1)
    }
  }

  @Test("progress never goes back")
  func progress() async throws {
    try await withFolder { folder in
      for name in ["a", "b", "c"] { try folder.write(name, String(repeating: name + " ", count: 2000)) }
      try folder.write("bb", [0] + Array(repeating: 0x78, count: 5000) as [UInt8])
      let (context, executor) = (context, ManualTaskExecutor())
      let job = WordCountJob(paths: [folder.path])
      let task = executor.start { try await job.run(in: context, chunkBytes: 8) }
      var last = 0.0
      var files: Set<String> = []
      while executor.runNext() {
        let now = context.progress
        #expect(now?.fraction ?? 0 >= last)
        last = now?.fraction ?? 0
        if let file = now?.message { files.insert(String(file.suffix(2))) }
      }
      #expect(last == 1 && files == ["/a", "/b", "/c"])
      #expect(try await task.value.filesCounted == 3)
    }
  }
}
