// Downloads that block, eight at a time, results as they come.

import SkeinFutures

func fetch(_ address: String) throws -> Int { address.count }

let addresses = (1...20).map { "https://example.com/\($0)" }

try await withThreadPool(threads: 8, name: "fetch") { pool in
  // One future for each…
  var pages: [Future<Int>] = []
  for address in addresses { pages.append(try await pool.submit { try fetch(address) }) }
  for try await page in asCompleted(pages, timeout: .seconds(30)) {
    print("\(try await page.value) bytes")
  }

  // …or all of them at once, in the order of the addresses.
  let sizes = try await pool.map(addresses, timeout: .seconds(30)) { try fetch($0) }
  print("\(sizes.reduce(0, +)) bytes in all")
}
