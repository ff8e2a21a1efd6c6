/// A short text that is the same for the same bytes, in every process: for tags and addresses, and against no attacker.
///
/// - Source: FNV-1a of 64 bits.
func stableHash(_ bytes: some Sequence<UInt8>) -> String {
  let hash = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  return String(hash, radix: 16)
}
