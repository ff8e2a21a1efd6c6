// The most urgent first; of equal ones, the oldest.

import SkeinSync

struct Ticket: Sendable {
  var urgency: Int
  var title: String
}

func sortTickets() async throws {
  let tickets = PriorityQueue<Ticket>(by: { $0.urgency > $1.urgency })
  try await tickets.put(Ticket(urgency: 1, title: "typo in the manual"))
  try await tickets.put(Ticket(urgency: 9, title: "shop is down"))
  try await tickets.put(Ticket(urgency: 9, title: "payments fail"))
  while let ticket = tickets.tryGet() { print(ticket.urgency, ticket.title) }
}

// Last in, first out, with the same calls.
func goBack() async throws {
  let visited = LIFOQueue<String>()
  for place in ["home", "shop", "basket"] { try await visited.put(place) }
  print("back to", try await visited.get())
}

try await sortTickets()
try await goBack()
