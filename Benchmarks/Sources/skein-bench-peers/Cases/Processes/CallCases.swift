import Foundation
import SkeinFutures
import SkeinProcesses
import SkeinWork

/// A function in another process: one after the other, many at once, and with bytes as its input.
let callCases: [MeasuredCase] =
  [
    MeasuredCase("call.blocking", by: "ProcessPool.run", on: { try ProcessPool(processes: 1) }) {
      pool, count in
      await onPlainThread { for _ in 0..<count { _ = must { try pool.run(DoNothing()) } } }
    },
    MeasuredCase("call.awaited", by: "ProcessPool.run", on: { try ProcessPool(processes: 1) }) {
      pool, count in
      for _ in 0..<count { _ = try await pool.run(DoNothing()) }
    },
    MeasuredCase("calls", by: "ProcessPool.submit", on: { try ProcessPool(processes: 2) }) { pool, count in
      for start in stride(from: 0, to: count, by: 1000) {
        var futures: [Future<Nothing>] = []
        for _ in start..<min(start + 1000, count) { futures.append(try await pool.submit(DoNothing())) }
        for future in futures { _ = try await future.value }
      }
    },
    MeasuredCase("calls.chunked", by: "ProcessPool.map", on: { try ProcessPool(processes: 2) }) {
      pool, count in
      _ = try await pool.map((0..<count).lazy.map { _ in DoNothing() }, chunk: 64)
    },
    MeasuredCase("dispatched", by: "TaskDispatcher", on: { try TaskDispatcher(workers: 2) }) {
      dispatcher, count in
      for start in stride(from: 0, to: count, by: 1000) {
        var futures: [Future<Nothing>] = []
        for _ in start..<min(start + 1000, count) { futures.append(try await dispatcher.submit(DoNothing())) }
        for future in futures { _ = try await future.value }
      }
    },
  ]
  + [
    MeasuredCase("payload.1k", by: "ProcessPool.run", on: { try ProcessPool(processes: 1) }) { pool, count in
      let input = CountBytes(bytes: Data(repeating: 7, count: 1 << 10))
      await onPlainThread { for _ in 0..<count { _ = must { try pool.run(input) } } }
    }
  ]
  + largeSizes.map { name, bytes in
    MeasuredCase("payload.\(name)", by: "ProcessPool.run", each: { try ProcessPool(processes: 1) }) { pool in
      let input = CountBytes(bytes: Data(repeating: 7, count: bytes))
      await onPlainThread { _ = must { try pool.run(input) } }
    }
  }

let largeSizes = [("1m", 1 << 20), ("100m", 100 << 20)]
