/// Where a worker runs the code of its jobs.
public enum JobIsolation: String, Hashable, Sendable, CaseIterable {
  /// In the worker's own process: the fastest; a job that traps ends the worker with all its jobs.
  case none
  /// In processes of their own, as many as jobs run at once, kept for the next ones: a job that traps, leaks or never
  /// ends is contained, killed if it must be, and fails with the last that its process wrote.
  ///
  /// The program has to call `Skein.main(jobs:functions:_:)` at the top of its main. Jobs that are programs already
  /// (``Job/isIsolated``) run in the worker.
  case process
}
