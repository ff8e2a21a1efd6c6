import Glibc
import SkeinProcesses
import SkeinWork
import Testing

@Suite("OwnedDescriptor")
struct OwnedDescriptorTests {
  private struct Message: Codable {
    var first: OwnedDescriptor
    var second: OwnedDescriptor
  }

  @Test("an open file can not be stored")
  func storing() throws {
    let file = OwnedDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
    #expect(throws: EncodingError.self) { try JSONCodec().encode(Message(first: file, second: file)) }
  }

  @Test("a message takes a descriptor of its own for each of its files, and the transfer closes what it had")
  func transfer() throws {
    let file = OwnedDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
    let sending = DescriptorTransfer()
    let bytes = try DescriptorTransfer.$current.withValue(sending) {
      try JSONCodec().encode(Message(first: file, second: file))
    }
    #expect(sending.outgoing.count == 1)
    let received = fcntl(file.rawValue, F_DUPFD_CLOEXEC, 0)
    do {
      let receiving = DescriptorTransfer(received: [received])
      let message = try DescriptorTransfer.$current.withValue(receiving) {
        try JSONCodec().decode(Message.self, from: bytes)
      }
      #expect(Set([message.first.rawValue, message.second.rawValue, received]).count == 3)
      #expect(fcntl(message.first.rawValue, F_GETFD) == FD_CLOEXEC)
    }
    #expect(throws: DecodingError.self) {
      try DescriptorTransfer.$current.withValue(DescriptorTransfer()) {
        try JSONCodec().decode(Message.self, from: bytes)
      }
    }
  }
}
