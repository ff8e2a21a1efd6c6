import CSkein
import Glibc
import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinDiagnostics

/// A directory that goes away with the test, with the directories in it.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/skein-diagnostics-XXXXXX\0".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    for name in ProcFile.names(in: path).map({ path + "/" + $0 }) {
      for inner in ProcFile.names(in: name) { unlink(name + "/" + inner) }
      unlink(name)
      rmdir(name)
    }
    rmdir(path)
  }

  /// Where the sockets go.
  var sockets: String { path + "/sockets" }

  func mode(of path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }
}

@Suite("Inspect socket")
struct InspectSocketTests {
  private let temporary = TemporaryDirectory()

  private func code(_ body: () throws(InspectError) -> Void) -> InspectError.Code? {
    do throws(InspectError) {
      try body()
      return nil
    } catch {
      return error.code
    }
  }

  // MARK: The directory

  @Test("directory and socket are for their user alone")
  func permissions() throws {
    let socket = try InspectSocket(in: temporary.sockets)
    #expect(temporary.mode(of: temporary.sockets) == 0o700)
    #expect(temporary.mode(of: "\(temporary.sockets)/\(getpid()).sock") == 0o600)
    socket.remove()
    #expect(ProcFile.names(in: temporary.sockets).isEmpty)
  }

  @Test("a directory that others can use is refused, and left as it is")
  func openDirectory() {
    mkdir(temporary.sockets, 0o700)
    for mode: mode_t in [0o755, 0o770, 0o701] {
      chmod(temporary.sockets, mode)
      #expect(
        code { () throws(InspectError) in _ = try InspectSocket(in: temporary.sockets) } == .unsafeDirectory)
      #expect(temporary.mode(of: temporary.sockets) == mode)
    }
  }

  @Test("a symbolic link or a file in its place is refused")
  func symbolicLink() {
    let target = TemporaryDirectory()
    symlink(target.path, temporary.sockets)
    #expect(
      code { () throws(InspectError) in _ = try InspectSocket(in: temporary.sockets) } == .unsafeDirectory)
    #expect(ProcFile.names(in: target.path).isEmpty)
    unlink(temporary.sockets)
    close(open(temporary.sockets, O_CREAT | O_WRONLY, 0o600))
    #expect(
      code { () throws(InspectError) in _ = try InspectSocket(in: temporary.sockets) } == .unsafeDirectory)
  }

  @Test("a directory of somebody else's is refused", .enabled(if: geteuid() == 0))
  func foreignDirectory() {
    mkdir(temporary.sockets, 0o700)
    chown(temporary.sockets, 12345, 12345)
    #expect(
      code { () throws(InspectError) in _ = try InspectSocket(in: temporary.sockets) } == .unsafeDirectory)
  }

  @Test("a directory that can not be made is an error of the system's")
  func missingParent() {
    #expect(code { () throws(InspectError) in _ = try InspectSocket(in: "/nowhere/skein") } == .systemError)
  }

  @Test("a directory that is replaced after it was checked is not used")
  func replaced() throws {
    let directory = try InspectDirectory(makingAt: temporary.sockets)
    let trap = TemporaryDirectory()
    rename(temporary.sockets, temporary.path + "/moved")
    symlink(trap.path, temporary.sockets)
    let socket = try directory.listen(as: "1.sock")
    close(socket)
    #expect(ProcFile.names(in: trap.path).isEmpty)
    directory.remove("1.sock")
    rename(temporary.path + "/moved", trap.path)
  }

  @Test("the runtime directory is used if it is this user's, else one in /tmp")
  func place() {
    let own = temporary.path
    #expect(InspectDirectory.path { _ in own } == "\(own)/skein")
    for other in [nil, "", "relative", "/nowhere"] {
      #expect(InspectDirectory.path { _ in other } == "/tmp/skein-\(geteuid())")
    }
    if geteuid() == 0 {
      chown(own, 12345, 12345)
      #expect(InspectDirectory.path { _ in own } == "/tmp/skein-0")
    }
  }

  @Test("sockets of dead processes are removed, other files and live sockets stay")
  func stale() throws {
    let socket = try InspectSocket(in: temporary.sockets)
    let directory = try InspectDirectory(opening: temporary.sockets, ownedBy: geteuid())
    let deadProcess = Int32(4_100_000)
    close(try directory.listen(as: "\(deadProcess).sock"))
    close(open("\(temporary.sockets)/notes.txt", O_CREAT | O_WRONLY, 0o600))
    #expect(directory.processes() == [getpid(), deadProcess].sorted())
    directory.removeStale()
    #expect(directory.processes() == [getpid()])
    #expect(ProcFile.names(in: temporary.sockets).contains("notes.txt"))
    withExtendedLifetime(socket) {}
  }

  @Test("a socket that a dead process with this number left is replaced")
  func replacesOwn() throws {
    let directory = try InspectDirectory(makingAt: temporary.sockets)
    close(try directory.listen(as: "\(getpid()).sock"))
    let socket = try InspectSocket(in: temporary.sockets)
    guard case .success(let connection) = directory.connect(to: getpid()) else {
      return #expect(Bool(false), "nobody listens")
    }
    close(connection)
    socket.remove()
  }

  // MARK: The conversation

  /// Both ends of a connection.
  private func pair() -> (server: Int32, client: Int32) {
    var ends: [Int32] = [0, 0]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
    return (ends[0], ends[1])
  }

  private func readAll(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : ""
  }

  private let now = MonotonicClock().now

  @Test("each form is answered, whole or in pieces", arguments: InspectForm.allCases)
  func answers(form: InspectForm) {
    let (conversationEnd, client) = pair()
    var conversation = InspectConversation(conversationEnd)
    for byte in "\(form.rawValue)\n".utf8.dropLast() {
      _ = withUnsafeBytes(of: byte) { write(client, $0.baseAddress, 1) }
      let goesOn = conversation.proceed(at: now) { _ in "too early" }
      #expect(goesOn)
    }
    _ = write(client, "\n", 1)
    let goesOn = conversation.proceed(at: now) { "answer \($0)\n" }
    #expect(!goesOn)
    #expect(readAll(client) == "answer \(form)\n\u{0}")
    close(client)
  }

  @Test("what is no request is told what to ask for", arguments: ["", "texts", "TEXT", "dot json", "\u{0}"])
  func nonsense(request: String) {
    let (conversationEnd, client) = pair()
    var conversation = InspectConversation(conversationEnd)
    _ = write(client, request + "\n", request.utf8.count + 1)
    let goesOn = conversation.proceed(at: now) { _ in "no answer" }
    #expect(!goesOn)
    #expect(readAll(client) == "error: ask for text, dot, json\n\u{0}")
    close(client)
  }

  @Test("a request without an end, and one who leaves, end the conversation")
  func endless() {
    let (conversationEnd, client) = pair()
    var conversation = InspectConversation(conversationEnd)
    _ = write(client, String(repeating: "x", count: 1000), 1000)
    let goesOn = conversation.proceed(at: now) { _ in "no answer" }
    #expect(!goesOn)
    close(client)
    let (desertedEnd, gone) = pair()
    var deserted = InspectConversation(desertedEnd)
    close(gone)
    let isDeserted = deserted.proceed(at: now) { _ in "no answer" }
    #expect(!isDeserted)
  }

  @Test("one who does not read, or says nothing, is left at the deadline")
  func slow() {
    let (conversationEnd, client) = pair()
    var conversation = InspectConversation(conversationEnd)
    _ = write(client, "text\n", 5)
    let long = String(repeating: "x", count: 4 << 20)
    let goesOn = conversation.proceed(at: now) { _ in long }
    #expect(goesOn)
    #expect(conversation.events == Int16(POLLOUT))
    let isLeft = conversation.proceed(at: conversation.deadline) { _ in "" }
    #expect(!isLeft)
    close(client)
    let (silentEnd, other) = pair()
    var silent = InspectConversation(silentEnd)
    let waits = silent.proceed(at: now) { _ in "" }
    let isOver = silent.proceed(at: silent.deadline) { _ in "" }
    #expect(waits && !isOver)
    close(other)
  }

  @Test("what has come is answered, however late it is seen")
  func seenLate() {
    let (conversationEnd, client) = pair()
    var conversation = InspectConversation(conversationEnd)
    _ = write(client, "text\n", 5)
    let goesOn = conversation.proceed(at: conversation.deadline) { "answer \($0)\n" }
    #expect(!goesOn)
    #expect(readAll(client) == "answer text\n\u{0}")
    close(client)
  }

  @Test("one who reads slowly gets it all")
  func pieces() {
    let (conversationEnd, client) = pair()
    var conversation = InspectConversation(conversationEnd)
    _ = write(client, "json\n", 5)
    let long = String(repeating: "0123456789", count: 1 << 18)
    var (goesOn, received) = (conversation.proceed(at: now) { _ in long }, 0)
    while goesOn {
      received += readAll(client).utf8.count
      goesOn = conversation.proceed(at: now) { _ in "twice" }
    }
    received += readAll(client).utf8.count
    #expect(received == long.utf8.count + 1)
    close(client)
  }

  // MARK: The client

  @Test("a process that is not there, or is no Skein program, is told apart")
  func noProcess() async throws {
    #expect(
      code { () throws(InspectError) in _ = try InspectClient.ask(4_100_000, for: .text) } == .noSuchProcess)
    #expect(code { () throws(InspectError) in _ = try InspectClient.ask(-1, for: .text) } == .noSuchProcess)
    let plain = try await FixtureProcess("plain")
    do throws(InspectError) {
      _ = try InspectClient.ask(plain.id, for: .text)
      #expect(Bool(false), "it answered")
    } catch {
      #expect(error.code == .notInspectable)
      #expect(error.message.contains("Diagnostics.start()"))
    }
  }
}
