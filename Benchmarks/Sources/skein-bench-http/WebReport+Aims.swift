import BenchReport

extension WebReport {
  /// What Skein is meant to be beside the others, and whether it is, as far as both were measured.
  var aims: [String] {
    [
      aim("text.64", "hummingbird", atLeast: 2.5), aim("text.64", "uvicorn", atLeast: 2.5),
      aim("text.64", "nginx", atLeast: 0.7),
      aim("text.64", "nio", own: "routed.64", atLeast: 1), aim("routed.64", "go", atLeast: 1),
      aim("file-1k.64", "nginx", atLeast: 0.9), aim("file-100k.64", "nginx", atLeast: 0.9),
      aim("file-10m.64", "nginx", atLeast: 0.9), patience,
    ].compactMap(\.self)
  }

  private func aim(_ name: String, _ peer: String, own: String? = nil, atLeast aim: Double) -> String? {
    guard let ours = entry(own ?? name, "skein"), let theirs = entry(name, peer) else { return nil }
    let ratio = ours.median(\.rate) / theirs.median(\.rate)
    let words = own.map { "\($0) by \(peer)'s \(name)" } ?? "\(name) by \(peer)'s"
    return "Aim: \(words) at least \(aim.shortened): \(ratio.shortened), \(ratio >= aim ? "met" : "missed")."
  }

  private var patience: String? {
    guard let ours = entry("text.1000", "skein"), let theirs = entry("text.1000", "nginx") else { return nil }
    let ratio = ours.median(\.p99) / theirs.median(\.p99)
    return
      "Aim: p99 of text.1000 at most twice nginx's: \(ratio.shortened), \(ratio <= 2 ? "met" : "missed")."
  }
}
