// Two producers and a consumer over one bounded channel, and what a caller learns when the other side is gone.

import SkeinSync

let (sender, receiver) = makeChannel(of: String.self, capacity: 4, name: "pages")

await withTaskGroup { group in
  for site in ["north", "south"] {
    let own = sender.clone()
    group.addTask {
      for page in 1...3 { try? await own.send("\(site) \(page)") }
      own.close()
    }
  }
  // The channel ends with its last sender, so this one is closed too.
  sender.close()
  group.addTask {
    for await page in receiver { print("indexed \(page)") }
  }
}

func sendToNobody() async {
  let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
  receiver.close()
  do {
    try await sender.send(1)
  } catch {
    print("\(error.element) was not sent: \(error.reason)")
  }
}

// Never waiting: full and empty are answers, an end is an error.
func tryBothEnds() throws {
  let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
  print(try sender.trySend(1), try sender.trySend(2))
  print(try receiver.tryReceive() as Any, try receiver.tryReceive() as Any)
}

await sendToNobody()
try tryBothEnds()
