// A transfer needs two accounts at once; callers name them in any order, and can not deadlock.

import SkeinSync

struct InsufficientFunds: Error {}

func transfer(_ amount: Int, from source: Lock<Int>, to target: Lock<Int>) throws {
  try withLocks(source, target) { source, target in
    guard source >= amount else { throw InsufficientFunds() }
    source -= amount
    target += amount
  }
}

let (savings, wallet) = (Lock(100, name: "savings"), Lock(5, name: "wallet"))
try transfer(30, from: savings, to: wallet)
try transfer(10, from: wallet, to: savings)
print(withLocks(savings, wallet) { "\($0) and \($1), together \($0 + $1)" })
