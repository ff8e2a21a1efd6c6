internal import CSkein
internal import Glibc

/// Creates a thread of the system's that nobody joins there.
func createThread(
  name: String, stackSize: Int?, _ body: @escaping @Sendable () -> Void
) throws(ThreadError) {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
  if let stackSize { try setStackSize(&attributes, stackSize, name: name) }
  let start = Unmanaged.passRetained(ThreadStart(body))
  var thread = pthread_t()
  let failure = pthread_create(
    &thread, &attributes,
    { pointer in
      Unmanaged<ThreadStart>.fromOpaque(pointer!).takeRetainedValue().run()
      return nil
    }, start.toOpaque())
  guard failure == 0 else {
    start.release()
    throw .refused(name: name, code: failure)
  }
}

private func setStackSize(
  _ attributes: inout pthread_attr_t, _ bytes: Int, name: String
) throws(ThreadError) {
  let minimum = Int(sysconf(CInt(_SC_THREAD_STACK_MIN)))
  let page = Int(sysconf(CInt(_SC_PAGESIZE)))
  guard bytes >= minimum else { throw .stackTooSmall(name: name, bytes: bytes, minimum: minimum) }
  let (padded, overflow) = bytes.addingReportingOverflow(page - 1)
  let failure = pthread_attr_setstacksize(&attributes, overflow ? bytes : padded / page * page)
  guard failure == 0 else { throw .refused(name: name, code: failure) }
}

/// What a thread is to do; let go of at its end, on the thread itself.
private final class ThreadStart: Sendable {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func run() { body() }
}
