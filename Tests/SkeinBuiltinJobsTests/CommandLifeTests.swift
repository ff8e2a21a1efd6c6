import Testing

@testable import SkeinBuiltinJobs

@Suite("the life of a command")
struct CommandLifeTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var events: [CommandLife.Event]
    var actions: [CommandLife.Action?]
    var state: CommandLife.State
    var isStopped = true
    var isOverdue = false
    var testDescription: String { "\(events)" }
  }

  @Test(
    "each event leads to the state and the action of the table",
    arguments: [
      Row(events: [], actions: [], state: .running, isStopped: false),
      Row(events: [.graceOver, .membersGone], actions: [nil, nil], state: .running, isStopped: false),
      Row(events: [.leaderExited], actions: [.kill], state: .ended, isStopped: false),
      Row(events: [.leaderExited, .stopRequested], actions: [.kill, nil], state: .ended, isStopped: false),
      Row(events: [.stopRequested, .stopRequested], actions: [.terminate, nil], state: .stopping),
      Row(events: [.stopRequested, .membersGone], actions: [.terminate, nil], state: .stopping),
      Row(events: [.stopRequested, .leaderExited], actions: [.terminate, .awaitMembers], state: .lingering),
      Row(
        events: [.stopRequested, .leaderExited, .membersGone], actions: [.terminate, .awaitMembers, nil],
        state: .ended),
      Row(
        events: [.stopRequested, .leaderExited, .graceOver], actions: [.terminate, .awaitMembers, .kill],
        state: .ended, isOverdue: true),
      Row(
        events: [.stopRequested, .graceOver], actions: [.terminate, .kill], state: .killing, isOverdue: true),
      Row(
        events: [.stopRequested, .graceOver, .membersGone, .leaderExited],
        actions: [.terminate, .kill, nil, .kill], state: .ended, isOverdue: true),
      Row(
        events: [.stopRequested, .leaderExited, .membersGone, .graceOver, .leaderExited, .stopRequested],
        actions: [.terminate, .awaitMembers, nil, nil, nil, nil], state: .ended),
    ])
  func table(row: Row) {
    var life = CommandLife()
    #expect(row.events.map { life.handle($0) } == row.actions)
    #expect(life.state == row.state)
    #expect(life.isStopped == row.isStopped)
    #expect(life.isOverdue == row.isOverdue)
  }
}
