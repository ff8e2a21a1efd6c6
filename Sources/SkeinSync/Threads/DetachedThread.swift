internal import CSkein
internal import Glibc

/// Runs `body` on a new thread that nobody joins.
package func startDetachedThread(name: String, _ body: @escaping @Sendable () -> Void) {
  let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
  var thread = pthread_t()
  let failure = pthread_create(
    &thread, nil,
    { pointer in
      let start = Unmanaged<ThreadStart>.fromOpaque(pointer!).takeRetainedValue()
      skein_set_thread_name(start.name)
      start.body()
      return nil
    }, start.toOpaque())
  checkContract(failure == 0, "the system gave no thread for \(name): \(String(cString: strerror(failure)))")
  pthread_detach(thread)
}

private final class ThreadStart: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
