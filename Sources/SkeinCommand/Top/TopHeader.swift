internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// What `top` says about the whole of a queue.
struct TopHeader {
  var snapshot: TopSnapshot
  var width: Int

  /// The lines, the most important first.
  var lines: [StyledLine] { [title, totals, workers, rates] }

  /// The directory, and the time at the right end.
  private var title: StyledLine {
    let exact = TimeText.exact(snapshot.time)
    let clock = exact.prefix(19).suffix(8) + "Z"
    let time = width >= 60 ? exact.prefix(10) + " " + clock : clock
    let room = width - time.count - 2
    guard room > 0 else { return StyledLine(String(time), .bold) }
    let name = Text.cut(Text.printable("\(SkeinTool.name) top  \(snapshot.directory)"), to: room)
    return StyledLine([(Text.padded(name, to: room), .bold), (String(time), nil)], separator: "  ")
  }

  /// How many jobs are in each state, the liveliest first.
  private var totals: StyledLine {
    var parts = JobState.byInterest.compactMap { state -> (String, Paint?)? in
      let count = snapshot.total(state)
      guard count > 0 || state == .running || state == .ready else { return nil }
      return ("\(count) \(state.name)", count > 0 ? state.paint : .faint)
    }
    let age = snapshot.time.timeIntervalSince(snapshot.countedAt)
    if age >= 5 {
      parts.append(("counted " + TimeText.distance(to: snapshot.countedAt, from: snapshot.time), .faint))
    }
    return StyledLine(parts, separator: " · ")
  }

  private var workers: StyledLine {
    let alive = snapshot.workerCount(.alive)
    var parts: [(String, Paint?)] = [
      (alive == 1 ? "1 worker alive" : "\(alive) workers alive", alive > 0 ? .green : .red)
    ]
    for liveness in [WorkerRecord.Liveness.unresponsive, .dead] where snapshot.workerCount(liveness) > 0 {
      parts.append(("\(snapshot.workerCount(liveness)) \(liveness.rawValue)", .red))
    }
    let places = snapshot.places
    parts.append(("up to \(places) jobs at once", nil))
    return StyledLine(parts, separator: " · ")
  }

  private var rates: StyledLine {
    guard let rates = snapshot.rates else { return StyledLine("rates follow", .faint) }
    let parts: [(String, Paint?)] = [
      ("\(TopTables.rate(rates.succeeded)) succeeded/s", nil),
      ("\(TopTables.rate(rates.failed)) failed/s", rates.failed > 0 ? .red : nil),
      ("\(TopTables.rate(rates.enqueued)) enqueued/s", nil),
      ("over \(max(1, Int(rates.seconds.rounded()))) s", .faint),
    ]
    return StyledLine(parts, separator: " · ")
  }
}
