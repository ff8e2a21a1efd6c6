internal import FoundationEssentials
internal import Logging
internal import SkeinProcesses
internal import SkeinSync
internal import Synchronization

/// A process that runs jobs of a worker, one at a time.
final class JobProcess: Sendable {
  private let child: ChildProcess
  private let connection: Connection
  private let output: OutputTail
  /// It was killed, which may not have been noticed yet.
  private let isDoomed = Atomic(false)

  /// Starts one, and waits until it can be given a job.
  static func start(name: String, passesOutputOn: Bool) async throws -> JobProcess {
    let process = try JobProcess(name: name, passesOutputOn: passesOutputOn)
    do {
      guard case .ready = try await process.connection.receive(JobProcessNews.self) else {
        throw ConnectionError.malformed
      }
    } catch ConnectionError.ended {
      let exit = await process.end()
      throw process.child.failure ?? process.crash(of: "none", exit)
    }
    return process
  }

  private init(name: String, passesOutputOn: Bool) throws {
    let (mine, theirs) = try Connection.makePair(name: name)
    defer { theirs.close() }
    let (output, errors) = try OutputTail.make(passesOn: passesOutputOn)
    connection = mine
    self.output = output
    child = try ChildProcess.start(JobProcessFunction(worker: theirs), name: name, errors: errors)
  }

  deinit { connection.close() }

  /// Whether it can be given another job.
  var isUsable: Bool { !isDoomed.load(ordering: .relaxed) && child.isAlive && !connection.isClosed }

  /// Ends it at once, with what it runs.
  func kill() {
    isDoomed.store(true, ordering: .relaxed)
    child.kill()
  }

  /// Has it cancel its job's task.
  func cancel(isRequested: Bool) {
    // Not the task's own, which may be cancelled.
    Task { [connection] in try? await connection.send(JobProcessRequest.cancel(isRequested: isRequested)) }
  }

  /// Has it run a job.
  ///
  /// - Parameters:
  ///   - notes: take what the attempt leaves.
  ///   - logger: takes its records.
  /// - Returns: the encoded result.
  /// - Throws: what the job's code threw; ``JobProcessCrashed``.
  func run(_ call: JobProcessCall, _ context: JobContext, _ logger: Logger) async throws -> Data {
    output.forget()
    do {
      try await connection.send(JobProcessRequest.run(call))
      while true {
        switch try await connection.receive(JobProcessNews.self) {
        case .ready: throw ConnectionError.malformed
        case .notes(let notes): context.take(notes)
        case .logged(let record): logger.take(record)
        case .returned(let result): return result
        case .threw(let failure): throw failure.error
        }
      }
    } catch let error as ConnectionError {
      // Whatever was wrong with what it said: nothing that it says can be believed any more.
      if !error.meansAnEnd { kill() }
      let crash = crash(of: call.name, await end())
      context.appendLog(crash.lastOutput.utf8)
      throw crash
    }
  }

  private func end() async -> ChildExit {
    let exit = (try? await child.join()) ?? .unknown
    await output.waitForEnd()
    connection.close()
    return exit
  }

  private func crash(of job: String, _ exit: ChildExit) -> JobProcessCrashed {
    JobProcessCrashed(job: job, exit: exit, lastOutput: output.text)
  }
}

extension JobContext {
  /// Takes what an attempt has left in another process.
  fileprivate func take(_ news: JobProcessNotes) {
    notes.update { notes in
      notes.append(news.log)
      notes.progress = news.progress ?? notes.progress
    }
    if let group = news.processGroup { processGroupStarted(group) }
  }
}

extension Logger {
  /// Writes a record of another process.
  fileprivate func take(_ record: JobProcessRecord) {
    log(
      level: Level(rawValue: record.level) ?? .info, "\(record.message)",
      metadata: record.metadata.mapValues { .string($0) })
  }
}
