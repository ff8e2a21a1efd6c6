internal import CSkein
internal import Glibc

/// What is in a folder, as a page.
enum DirectoryListing {
  struct Entry: Hashable, Sendable {
    let name: String
    let isDirectory: Bool
    let size: Int
    /// Seconds since 1970.
    let modified: Int
  }

  /// How many there are on a page at the most.
  static let limit = 10_000

  /// What is in a folder: folders first, by name; `nil` when it can not be read. Blocks the thread.
  static func entries(of path: String, _ root: OpenFile, withHidden: Bool) throws -> [Entry]? {
    let descriptor = skein_open_beneath(root.descriptor, path.isEmpty ? "." : path)
    guard descriptor >= 0 else { return nil }
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      return nil
    }
    defer { closedir(stream) }
    var entries: [Entry] = []
    while entries.count < limit, let item = readdir(stream) {
      let name = withUnsafePointer(to: &item.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      guard let name, name != ".", name != "..", withHidden || name.first != "." else { continue }
      guard let status = status(of: name, in: path, stream, root) else { continue }
      let kind = status.st_mode & S_IFMT
      guard kind == S_IFDIR || kind == S_IFREG else { continue }
      entries.append(
        Entry(
          name: name, isDirectory: kind == S_IFDIR, size: Int(status.st_size),
          modified: Int(status.st_mtim.tv_sec)))
    }
    return entries.sorted { ($0.isDirectory ? 0 : 1, $0.name) < ($1.isDirectory ? 0 : 1, $1.name) }
  }

  /// What the system knows of an entry; `nil` for one that leads out of the root, of which nothing is told.
  private static func status(of name: String, in path: String, _ stream: OpaquePointer, _ root: OpenFile)
    -> stat?
  {
    var status = stat()
    guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFLNK else { return status }
    return try? OpenFile.open(path.isEmpty ? name : "\(path)/\(name)", beneath: root)?.status()
  }

  /// The page.
  static func page(path: String, isRoot: Bool, _ entries: [Entry]) -> String {
    let title = PathSegment.decode(path.utf8) ?? path
    let parent = isRoot ? "" : #"<tr><td><a href="../">../</a></td><td></td><td></td></tr>"# + "\n"
    let rows = entries.map(row).joined()
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title.htmlText)</title>
      <style>
      :root { color-scheme: light dark; }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.2rem; overflow-wrap: anywhere; }
      table { width: 100%; border-collapse: collapse; }
      td { padding: .2rem .5rem; border-top: 1px solid #8884; overflow-wrap: anywhere; }
      td + td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; opacity: .7; }
      a { text-decoration: none; }
      </style>
      <h1>\(title.htmlText)</h1>
      <table>
      \(parent)\(rows)</table>
      </html>

      """
  }

  private static func row(_ entry: Entry) -> String {
    let slash = entry.isDirectory ? "/" : ""
    // A colon in a first segment would be the end of a scheme.
    let link = "./\(entry.name.percentEncoded)\(slash)"
    let size = entry.isDirectory ? "" : ByteText.text(entry.size)
    return """
      <tr><td><a href="\(link)">\(entry.name.htmlText)\(slash)</a></td><td>\(size)</td>\
      <td>\(dateText(entry.modified))</td></tr>

      """
  }

  private static func dateText(_ seconds: Int) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      let length = skein_write_date(Int64(seconds), "%Y-%m-%d %H:%M", text.baseAddress!, text.count)
      return String(decoding: UnsafeRawBufferPointer(text).prefix(length), as: UTF8.self)
    }
  }
}

extension String {
  /// As it stands in a page, also within quotes.
  var htmlText: String {
    var text = ""
    for character in unicodeScalars {
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }

  /// As a segment of a path.
  var percentEncoded: String {
    var text = ""
    for byte in utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: text.unicodeScalars.append(UnicodeScalar(byte))
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        text.unicodeScalars.append(UnicodeScalar(byte))
      default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }
}
