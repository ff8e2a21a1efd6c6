internal import SkeinSync

/// A future that is made of other ones.
///
/// Its cancellation travels on to those it is made of, as far as nobody else wants them.
private final class DerivedFuture<Value: Sendable>: Future<Value>, @unchecked Sendable {
  // Sendable because what it is made of is kept in a lock.
  private let sources: Lock<[AnyFuture]>

  /// - Parameter sources: what it is made of.
  init(of sources: [AnyFuture], place: SourcePlace) {
    self.sources = Lock(sources, internalTo: "Future")
    // Work of a pool that waits for itself is found through what is derived from it as well.
    let pools = Set(sources.map(\.poolID))
    super.init(place: place, poolID: pools.count == 1 ? pools.first! : 0)
  }

  override func didCancel() {
    let sources = sources.withLock { sources in
      defer { sources = [] }
      return sources
    }
    for source in sources where !source.isDone { source.releaseTaker() }
  }

  /// Goes on with a further future, which is cancelled with this one.
  func follow(_ next: Future<Value>) {
    next.addTaker { [self] done in finish(with: unsafeDowncast(done, to: Future<Value>.self).currentResult!) }
    sources.withLock { $0 = [next] }
    poolID = next.poolID
    // A cancellation that came before that has not seen it.
    if isCancelled { didCancel() }
  }

  /// Completes this one; those of its sources that are still to do something are not needed for it any more.
  func finish(with result: Result<Value, any Error>) {
    guard complete(with: result) else { return }
    didCancel()
  }
}

extension Future {
  /// A future of what `transform` makes of the value.
  ///
  /// `transform` runs on the thread that completes this future, or at once if it is done: it should be short. Work
  /// that takes long goes to a pool, by ``flatMap(file:line:_:)``.
  ///
  /// - Parameter transform: makes the new value; what it throws becomes the error of the new future.
  /// - Returns: the new future. To cancel it cancels this one too, if nobody else wants it and its work has not begun.
  public final func map<New: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ transform: @escaping @Sendable (Value) throws -> New
  ) -> Future<New> {
    derive(at: SourcePlace(file, line)) { result in Result { try transform(try result.get()) } }
  }

  /// A future of what `recovery` makes of the error, and of the value if there is no error.
  ///
  /// - Parameter recovery: makes a value of the error; what it throws becomes the error of the new future. It is asked
  ///   for cancellations of this future, too.
  /// - Returns: the new future. To cancel it cancels this one too, if nobody else wants it and its work has not begun.
  public final func recover(
    file: StaticString = #fileID, line: UInt = #line,
    _ recovery: @escaping @Sendable (any Error) throws -> Value
  ) -> Future {
    derive(at: SourcePlace(file, line)) { result in
      switch result {
      case .success: result
      case .failure(let error): Result { try recovery(error) }
      }
    }
  }

  /// A future of the result of the future that `next` makes of the value: one step of work after another.
  ///
  /// ```swift
  /// let stored = try pool.submit { fetch("database") }
  ///   .flatMap { raw in try pool.trySubmit { parse(raw) } }
  ///   .flatMap { parsed in try pool.trySubmit { store(parsed) } }
  /// ```
  ///
  /// - Parameter next: makes the future to go on with; what it throws becomes the error of the new future.
  /// - Returns: the new future. To cancel it cancels the step that is to be done next, if nobody else wants it.
  public final func flatMap<New: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ next: @escaping @Sendable (Value) throws -> Future<New>
  ) -> Future<New> {
    let derived = DerivedFuture<New>(of: [self], place: SourcePlace(file, line))
    addTaker { done in
      guard !derived.isDone else { return }
      do {
        derived.follow(try next(try unsafeDowncast(done, to: Future.self).currentResult!.get()))
      } catch {
        derived.finish(with: .failure(error))
      }
    }
    return derived
  }

  /// A future of both values; it fails as soon as one of the two does.
  ///
  /// - Returns: the new future. To cancel it cancels both, as far as nobody else wants them.
  public final func zip<Other: Sendable>(
    _ other: Future<Other>, file: StaticString = #fileID, line: UInt = #line
  ) -> Future<(Value, Other)> {
    let derived = DerivedFuture<(Value, Other)>(of: [self, other], place: SourcePlace(file, line))
    let left = Lock(2, internalTo: "Future.zip")
    let take: @Sendable (AnyFuture) -> Void = { [self] done in
      if let error = done.failure { return derived.finish(with: .failure(error)) }
      guard
        left.withLock({ left in
          left -= 1; return left == 0
        })
      else { return }
      derived.finish(with: Result { (try currentResult!.get(), try other.currentResult!.get()) })
    }
    addTaker(take)
    other.addTaker(take)
    return derived
  }

  /// A future of all values, in the order of the futures; it fails as soon as one of them does.
  ///
  /// - Returns: the new future; done at once when there are none. To cancel it cancels all of them, as far as nobody
  ///   else wants them.
  public static func all(
    _ futures: some Sequence<Future>, file: StaticString = #fileID, line: UInt = #line
  ) -> Future<[Value]> {
    let futures = Array(futures)
    let derived = DerivedFuture<[Value]>(of: futures, place: SourcePlace(file, line))
    guard !futures.isEmpty else {
      derived.finish(with: .success([]))
      return derived
    }
    let left = Lock(futures.count, internalTo: "Future.all")
    for future in futures {
      future.addTaker { done in
        if let error = done.failure { return derived.finish(with: .failure(error)) }
        guard
          left.withLock({ left in
            left -= 1; return left == 0
          })
        else { return }
        derived.finish(with: Result { try futures.map { try $0.currentResult!.get() } })
      }
    }
    return derived
  }

  /// A future of the first result, whether it is a value or an error. The others are cancelled then, as far as nobody
  /// else wants them and their work has not begun.
  ///
  /// - Parameter futures: at least one.
  /// - Returns: the new future. To cancel it cancels all of them, as far as nobody else wants them.
  /// - Precondition: there is at least one future.
  public static func race(
    _ futures: some Sequence<Future>, file: StaticString = #fileID, line: UInt = #line
  ) -> Future {
    let futures = Array(futures)
    checkContract(!futures.isEmpty, "a race needs at least one future")
    let derived = DerivedFuture<Value>(of: futures, place: SourcePlace(file, line))
    for future in futures {
      future.addTaker { done in
        derived.finish(with: unsafeDowncast(done, to: Future.self).currentResult!)
      }
    }
    return derived
  }

  private func derive<New: Sendable>(
    at place: SourcePlace,
    _ transform: @escaping @Sendable (Result<Value, any Error>) -> Result<New, any Error>
  ) -> Future<New> {
    let derived = DerivedFuture<New>(of: [self], place: place)
    addTaker { done in
      guard !derived.isDone else { return }
      derived.finish(with: transform(unsafeDowncast(done, to: Future.self).currentResult!))
    }
    return derived
  }
}
