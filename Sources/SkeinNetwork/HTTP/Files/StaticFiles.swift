internal import Glibc
internal import HTTPTypes
internal import NIOPosix
internal import SkeinSync

/// Serves the files of a folder, and never one outside it.
///
/// ```swift
/// let files = try StaticFiles(root: "public")
/// router.files("/assets", files)
/// ```
///
/// Small files are kept in memory, with a bound; large ones are sent by the system, without a copy through the process. A file
/// that changes is seen within a second. There are conditional requests, ranges, and `HEAD`; a file with the same name and
/// `.br`, `.zst` or `.gz` behind it is sent in its place to clients that take that. A folder is its index, or a list of what is
/// in it if that was asked for.
///
/// Names that begin with a dot are not served (but for `.well-known`), nor what is no file; symbolic links are followed as
/// long as they stay within the folder.
///
/// - Source: RFC 9110, sections 8.8, 13 and 14.
public struct StaticFiles: Sendable {
  /// How files are served.
  public struct Options: Sendable {
    /// What stands for a folder, if it is there: the first of these.
    public var indexNames = ["index.html"]
    /// Whether a folder without an index is a list of what is in it.
    public var listsDirectories = false
    /// Whether names that begin with a dot are served.
    public var servesHidden = false
    /// Whether compressed files that stand beside are looked for.
    public var usesPrecompressed = true
    /// What `Cache-Control` says for a path; `nil` for nothing, which lets browsers ask with a condition now and then.
    public var cacheControl: @Sendable (_ path: String) -> String? = { _ in nil }
    /// Up to how many bytes a file is kept in memory.
    public var maximumCachedFileBytes = 64 << 10
    /// How many bytes of files are kept in memory.
    public var maximumCachedBytes = 64 << 20
    /// How many files are kept in memory, or open.
    public var maximumCachedFiles = 1024
    /// How long what was seen of a file is taken for true.
    public var revalidation = Duration.seconds(1)

    /// Creates the standard options.
    public init() {}
  }

  private let root: OpenFile
  private let options: Options
  private let cache: FileCache

  /// Opens a folder.
  ///
  /// - Parameters:
  ///   - root: the folder. It stays the same one when it is renamed.
  ///   - options: how its files are served.
  /// - Throws: ``StaticFilesError``. Blocks the thread for a look at the disk.
  public init(root: String, options: Options = Options()) throws(StaticFilesError) {
    let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StaticFilesError(root: root, errno) }
    guard access(root, R_OK | X_OK) == 0 else {
      let number = errno
      close(descriptor)
      throw StaticFilesError(root: root, number)
    }
    self.root = OpenFile(descriptor: descriptor)
    self.options = options
    cache = FileCache(root: self.root, options)
  }

  /// Answers a request.
  ///
  /// - Parameters:
  ///   - request: a `GET` or a `HEAD`.
  ///   - path: what it is for: decoded, relative to the folder, with a slash at its end for a folder.
  /// - Throws: ``HTTPError``: 404 for what is not there, or not served.
  /// - Cancellation: a look at the disk is not cut short.
  public func respond(to request: Request, path: String) async throws -> Response {
    if !options.usesPrecompressed || !request.headers.contains(.acceptEncoding),
      case .file(let file)? = cache.recent(path)
    {
      return response(to: request, file, file.headers)
    }
    guard isServed(path) else { throw notFound }
    let isFolder = path.isEmpty || path.hasSuffix("/")
    let name = isFolder ? String(path.dropLast()) : path
    switch try await cache.entry(name) {
    case .missing: throw notFound
    case .file(let file):
      guard !isFolder else { throw notFound }
      return try await respond(to: request, file, name)
    case .directory:
      guard isFolder else { return redirect(request) }
      return try await respond(to: request, folder: name)
    }
  }

  // MARK: What is served

  private func isServed(_ path: String) -> Bool {
    guard !path.utf8.contains(0), path.utf8.count < 4096 else { return false }
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    for (index, name) in names.enumerated() {
      if name.isEmpty, index == names.count - 1 { continue }
      guard !name.isEmpty, name != ".", name != ".." else { return false }
      if name.first == ".", !options.servesHidden, name != ".well-known" { return false }
    }
    return true
  }

  private var notFound: HTTPError { HTTPError(.notFound, "there is nothing at this path") }

  // MARK: Folders

  /// Links of a page are relative to its folder: which is so only behind a slash.
  private func redirect(_ request: Request) -> Response {
    let query = request.queryString.map { "?\($0)" } ?? ""
    return .redirect(to: "\(request.path)/\(query)", status: .permanentRedirect)
  }

  private func respond(to request: Request, folder: String) async throws -> Response {
    for index in options.indexNames {
      let path = folder.isEmpty ? index : "\(folder)/\(index)"
      if case .file(let file) = try await cache.entry(path) {
        return try await respond(to: request, file, path)
      }
    }
    guard options.listsDirectories else { throw notFound }
    let hidden = options.servesHidden
    let entries = try await NIOThreadPool.singleton.runIfActive { [root] in
      try DirectoryListing.entries(of: folder, root, withHidden: hidden)
    }
    guard let entries else { throw notFound }
    let page = DirectoryListing.page(path: request.path, isRoot: folder.isEmpty, entries)
    return .text(page, contentType: "text/html; charset=utf-8")
  }

  // MARK: Files

  private func respond(to request: Request, _ file: StaticFile, _ path: String) async throws -> Response {
    guard options.usesPrecompressed else { return response(to: request, file, file.headers) }
    for (encoding, suffix) in [("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz")] {
      guard request.accepts(encoding: encoding),
        case .file(let variant) = try await cache.entry(path + suffix)
      else { continue }
      var headers = variant.headers
      headers[.contentType] = file.headers[.contentType]
      headers[.cacheControl] = file.headers[.cacheControl]
      headers[.contentEncoding] = encoding
      var response = response(to: request, variant, headers)
      response.vary(on: "Accept-Encoding")
      return response
    }
    return response(to: request, file, file.headers)
  }

  private func response(to request: Request, _ file: StaticFile, _ headers: HTTPFields) -> Response {
    switch Condition(request, tag: file.tag, modified: file.modified) {
    case .failed: return Response(status: .preconditionFailed)
    case .notModified:
      var headers = headers
      headers[.contentType] = nil
      return Response(status: .notModified, headers: headers)
    case .holds: break
    }
    guard request.method == .get, let field = request.headers[.range],
      Condition.allowsRange(request, tag: file.tag, modified: file.modified)
    else { return Response(headers: headers, body: file.body(0..<file.size)) }
    var headers = headers
    switch ByteRange(field, size: file.size) {
    case .whole: return Response(headers: headers, body: file.body(0..<file.size))
    case .part(let range):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
      return Response(status: .partialContent, headers: headers, body: file.body(range))
    case .unsatisfiable:
      return Response(status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */\(file.size)"])
    }
  }
}

/// Why a folder can not be served.
public struct StaticFilesError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The folder.
  public let root: String
  /// The system's number of the error.
  public let errorNumber: Int32

  init(root: String, _ errorNumber: Int32) { (self.root, self.errorNumber) = (root, errorNumber) }

  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch errorNumber {
    case ENOENT: "there is no folder “\(root)”: name one that is there"
    case ENOTDIR: "“\(root)” is no folder: name the folder that it is in"
    case EACCES: "the folder “\(root)” may not be read by this user"
    default: "the folder “\(root)” can not be opened: \(systemMessage(errorNumber))"
    }
  }
}

extension Router {
  /// Adds routes for the files of a folder.
  ///
  /// - Parameters:
  ///   - prefix: what comes before their paths, without a slash at its end; empty for none.
  ///   - files: the folder.
  public mutating func files(_ prefix: String = "", _ files: StaticFiles) {
    get("\(prefix)/") { request, _ in try await files.respond(to: request, path: "") }
    get("\(prefix)/{path...}") { request, context in
      try await files.respond(to: request, path: context.parameters["path"]!)
    }
  }
}
