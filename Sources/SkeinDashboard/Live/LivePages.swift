internal import HTTPTypes
internal import NIOCore
internal import SkeinNetwork
internal import SkeinSync

/// Brings the parts of pages up to date, for as many who look as there are: each page is made once for all who look at it, at
/// most once a second, and only parts that have changed are sent.
actor LivePages {
  /// A part, and when it last changed.
  private struct Part {
    var content: PageContent.Part
    /// What is sent of it, to however many.
    var event: ByteBuffer
    var version: Int

    init(_ content: PageContent.Part, version: Int) {
      (self.content, self.version) = (content, version)
      event = ServerSentEvent("\(content.id)\n\(content.html.text)", event: "part").bytes
    }
  }

  /// A page that somebody looks at.
  private struct Watched {
    var parts: [Part] = []
    var version = 0
    /// Why it could not be made the last time.
    var trouble: String?
    var viewers: [Int: AsyncStream<Void>.Continuation] = [:]
    var task: Task<Void, Never>?
  }

  /// So many different pages are followed at once.
  static let mostPages = 200
  /// Between two looks, when something has changed.
  private static let interval = Duration.seconds(1)
  /// When nothing has: for what no change of a job tells, as that a worker has gone.
  private static let rest = Duration.seconds(5)

  private let pages: Pages
  private var watched: [String: Watched] = [:]
  private var lastViewer = 0

  init(_ pages: Pages) { self.pages = pages }

  /// The news of a page, as events: `part` with the id of the part in its first line, and its HTML behind; `trouble`
  /// with the reason when it can not be made any more, and with nothing when it can again.
  ///
  /// - Throws: ``SkeinNetwork/HTTPError`` and what the page itself throws, before anything is sent.
  nonisolated func response(to address: String) async throws -> Response {
    let first = try await pages.content(of: address)
    return .events { events in
      let (viewer, news) = try await self.join(address, first)
      do {
        try await self.send(events, address, news)
      } catch {
        await self.leave(address, viewer)
        throw error
      }
      await self.leave(address, viewer)
    }
  }

  private nonisolated func send(_ events: EventWriter, _ address: String, _ news: AsyncStream<Void>)
    async throws
  {
    var (seen, trouble) = (-1, String?.none)
    try await events.send(ServerSentEvent("", event: "hello", retry: .seconds(2)))
    for await _ in news {
      let (parts, version, news) = await self.parts(of: address, after: seen)
      if news != trouble { try await events.send(ServerSentEvent(news ?? "", event: "trouble")) }
      trouble = news
      for part in parts { try await events.send(part) }
      // Also without parts: by this it is noticed that a client has gone.
      if parts.isEmpty { try await events.sendHeartbeat() }
      seen = version
    }
  }

  // MARK: Viewers

  private func join(_ address: String, _ first: PageContent) throws -> (Int, AsyncStream<Void>) {
    guard watched[address] != nil || watched.count < Self.mostPages else {
      throw HTTPError(
        .serviceUnavailable, "too many pages are followed at once", headers: [.retryAfter: "10"])
    }
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    lastViewer += 1
    if watched[address] == nil {
      watched[address] = Watched()
      take(first, of: address)
      watched[address]?.task = Task { await follow(address) }
    }
    watched[address]?.viewers[lastViewer] = continuation
    continuation.yield()
    return (lastViewer, stream)
  }

  private func leave(_ address: String, _ viewer: Int) {
    watched[address]?.viewers.removeValue(forKey: viewer)
    guard let page = watched[address], page.viewers.isEmpty else { return }
    page.task?.cancel()
    watched[address] = nil
  }

  private func parts(of address: String, after version: Int) -> ([ByteBuffer], Int, trouble: String?) {
    guard let page = watched[address] else { return ([], version, nil) }
    return (page.parts.filter { $0.version > version }.map(\.event), page.version, page.trouble)
  }

  // MARK: Pages

  /// Makes a page anew as long as somebody looks at it.
  private func follow(_ address: String) async {
    let news = pages.follower.news()
    let clock = MonotonicClock()
    // News and the end of a rest come by one stream, so that one loop waits for both.
    let wake = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let listening = Task {
      for await _ in news { wake.continuation.yield() }
      wake.continuation.finish()
    }
    let ticking = Task {
      while true {
        do { try await clock.sleep(until: clock.now.advanced(by: Self.rest)) } catch { return }
        wake.continuation.yield()
      }
    }
    defer {
      listening.cancel()
      ticking.cancel()
    }
    for await _ in wake.stream {
      let start = clock.now
      do {
        take(try await pages.content(of: address), of: address)
      } catch {
        // The page stays as it is, and says that it does.
        watched[address]?.trouble = "\(error)"
      }
      for viewer in watched[address]?.viewers.values ?? [:].values { viewer.yield() }
      let pause = max(Self.interval, start.duration(to: clock.now) * 5)
      do { try await clock.sleep(until: start.advanced(by: pause)) } catch { return }
    }
  }

  private func take(_ content: PageContent, of address: String) {
    guard var page = watched[address] else { return }
    page.version += 1
    page.trouble = nil
    let old = Dictionary(page.parts.map { ($0.content.id, $0) }) { first, _ in first }
    page.parts = content.parts.map { part in
      if let known = old[part.id], known.content.tells(theSameAs: part) { return known }
      return Part(part, version: page.version)
    }
    watched[address] = page
  }
}
