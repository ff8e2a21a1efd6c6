public import SkeinJobs
internal import SkeinWork

/// Counts the words of files, with the most frequent ones.
///
/// A word is a run of letters and decimal digits of any script, with the marks that belong to them; an
/// apostrophe (`'` or `’`, which count as the same) belongs to it between two of them, as in `don't`. Files
/// are read as UTF-8; bytes that are not separate words and do no harm otherwise. A run of more than 4096
/// bytes is one word, of which the first 4096 are kept. A script without spaces gives a word from one
/// punctuation mark to the next.
///
/// Folders are counted with all that is below them. There, hidden files and folders (whose name begins with a
/// dot) are left out, and so are symbolic links; a path that the job names is taken whatever it is called,
/// and followed if it is a link. What is no regular file, is binary (a NUL byte in its first 8 KiB) or can
/// not be read is left out too. All of these are counted as skipped, and what can not be read gets a line in
/// the log.
///
/// ```swift
/// let handle = try await queue.enqueue(WordCountJob(paths: ["/usr/share/doc"], top: 20))
/// print(try await handle.result().topWords)
/// ```
///
/// - Cancellation: noticed within a chunk of 256 KiB.
/// - Complexity: linear in the number of bytes; memory for the distinct words, and for the names in one
///   folder and the folders above it.
public struct WordCountJob: Job, Hashable {
  /// What was found.
  public typealias Output = WordCount

  /// `wordcount`.
  public static let name = "wordcount"
  /// It reads files and computes, a chunk at a time.
  public static let blocks = true

  /// Files and folders.
  public var paths: [String]
  /// How many of the most frequent words are given.
  public var top: Int
  /// Whether `Word` and `word` are two words.
  public var caseSensitive: Bool

  /// Creates the job; all is checked when it is enqueued or run.
  ///
  /// - Parameters:
  ///   - paths: files and folders, at least one; relative to the worker's directory.
  ///   - top: from 0 to 1000.
  ///   - caseSensitive: otherwise words are counted, and given, in lower case.
  public init(paths: [String], top: Int = 10, caseSensitive: Bool = false) {
    self.paths = paths
    self.top = top
    self.caseSensitive = caseSensitive
  }

  static let tops = 0...1000
}

/// What a ``WordCountJob`` found.
public struct WordCount: Codable, Hashable, Sendable {
  /// A word and how often it is there.
  public struct Frequency: Codable, Hashable, Sendable {
    /// The word.
    public let word: String
    /// How often it is there.
    public let count: Int
  }

  /// How many words there are.
  public let totalWords: Int
  /// How many different words there are.
  public let distinctWords: Int
  /// The most frequent words; of equally frequent ones, first the one whose characters have the lower
  /// numbers.
  public let topWords: [Frequency]
  /// How many files were read.
  public let filesCounted: Int
  /// How many files and folders were left out.
  public let filesSkipped: Int
  /// How many bytes were read.
  public let bytes: Int
}

// MARK: - The stored form

extension WordCountJob {
  private enum CodingKeys: CodingKey {
    case paths, top, caseSensitive
  }

  /// Decodes and checks the job; only `paths` must be there.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(paths: try values.decode([String].self, forKey: .paths))
    top = try values.decodeIfPresent(Int.self, forKey: .top) ?? top
    caseSensitive = try values.decodeIfPresent(Bool.self, forKey: .caseSensitive) ?? caseSensitive
    try decoder.checkingInput(checkInput)
  }

  /// Checks what can be told from the input alone.
  func checkInput() throws(InvalidJobInput) {
    guard !paths.isEmpty else {
      throw InvalidJobInput("there are no paths: name at least one file or folder")
    }
    for path in paths where path.isEmpty || path.utf8.contains(0) {
      throw InvalidJobInput("'\(path)' is no path")
    }
    guard Self.tops.contains(top) else {
      throw InvalidJobInput("the number of top words is \(top): it goes from 0 to \(Self.tops.upperBound)")
    }
  }
}
