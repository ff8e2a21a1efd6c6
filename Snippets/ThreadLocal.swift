// Each thread that handles a request knows which, without passing it on.

import SkeinThreads

let requestID = ThreadLocal("unknown")

func log(_ message: String) { print("[\(requestID.value)] \(message)") }

try withThreads { scope in
  for number in 1...3 {
    try scope.start(name: "handler \(number)") {
      requestID.value = "REQ-000\(number)"
      log("is handled")
    }
  }
}
log("is what the main thread has")

// What is not Sendable stays on its thread.
final class Buffer { var bytes: [UInt8] = [] }
let buffer = ThreadLocal(Buffer())
let count = buffer.withValue { buffer in
  buffer.bytes.append(1)
  return buffer.bytes.count
}
print("\(count) byte")
