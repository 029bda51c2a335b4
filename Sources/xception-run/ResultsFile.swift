import Files
import PlainText
import WeightFormat
import Xception

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  @unsafe @preconcurrency import Glibc
#elseif canImport(Musl)
  @unsafe @preconcurrency import Musl
#elseif canImport(Darwin)
  @unsafe @preconcurrency import Darwin
#endif

/// The file that results are written to, each with one call of the system, so that a run that is killed leaves whole lines,
/// or at worst an incomplete last one.
final class ResultsFile {
  private let path: String
  private var descriptor: CInt
  /// The file that was replaced by one without failures. It keeps its lock to the end: who opened it before gets none.
  private var replaced: CInt = -1
  private let format: ResultFormat
  private let origin: ResultOrigin
  /// What a run before this one wrote.
  private(set) var finished = FinishedPictures()

  /// - Parameter resumption: How this run goes on with results that the file has; nil where it must have none.
  init(
    _ path: String, format: ResultFormat, of origin: ResultOrigin, resumption: Resumption?
  ) throws(ResultsFileError) {
    self.path = path
    self.format = format
    self.origin = origin
    let (size, isRegular): (Int, Bool)
    do throws(SystemError) {
      descriptor = try openFile(path, O_RDWR | O_CREAT | O_APPEND, permissions: 0o666)
      let status = try FileStatus(of: descriptor)
      size = status.size
      isRegular = status.kind == .regular
    } catch {
      throw .system(path, error)
    }
    guard isRegular else { throw .notAFile(path) }
    // File systems that know no locks do without.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { throw .isInUse(path) }
    if size > 0 {
      guard let resumption else { throw .exists(path) }
      var failures = 0
      let end = try readResults { line, number throws(ResultsFileError) in
        guard let result = try result(of: line, number: number) else { return }
        if result.failed, resumption == .retryFailures { failures += 1 } else { finished.insert(result) }
      }
      if failures > 0 {
        try replaceWithoutFailures()
        return
      }
      guard ftruncate(descriptor, off_t(end)) == 0 else { throw .system(path, .last) }
      if end > 0 { return }
    }
    if let header = format.header { try append(header) }
  }

  deinit { for file in [descriptor, replaced] where file >= 0 { close(file) } }

  /// Puts a file without the lines of failures in this one's place, at once: whenever the run is killed, the file has all lines
  /// or those that stay.
  private func replaceWithoutFailures() throws(ResultsFileError) {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .system(path, .last) }
    let new: CInt
    do {
      var file = try AtomicFile(replacing: targetOfLinks(path))
      var (kept, end) = ([UInt8](), 0)
      _ = try readResults { line, number throws(ResultsFileError) in
        if try result(of: line, number: number)?.failed == true { return }
        kept += line + [UInt8(ascii: "\n")]
        guard kept.count >= 1 << 18 else { return }
        try put(kept, in: file, at: end)
        end += kept.count
        kept.removeAll(keepingCapacity: true)
      }
      try put(kept, in: file, at: end)
      // It is locked before it has the name, and with this descriptor for as long as that is open.
      new = dup(file.descriptor)
      guard new >= 0, fcntl(new, F_SETFL, O_APPEND) == 0, fcntl(new, F_SETFD, FD_CLOEXEC) == 0 else {
        throw ResultsFileError.system(path, .last)
      }
      try file.commit()
    } catch let error as WeightFormatError {
      throw .notReplaced(path, reason: error.found)
    } catch let error as ResultsFileError {
      throw error
    } catch {
      throw .notReplaced(path, reason: "\(error)")
    }
    replaced = descriptor
    descriptor = new
  }

  private func put(_ bytes: [UInt8], in file: borrowing AtomicFile, at offset: Int) throws(ResultsFileError) {
    do throws(WeightFormatError) {
      try file.write(bytes, at: offset)
    } catch {
      throw .notReplaced(path, reason: error.found)
    }
  }

  /// Adds a line, in which names of files have their bytes.
  func append(_ line: String) throws(ResultsFileError) {
    var bytes = FileName.bytes(line + "\n")[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        bytes = bytes.dropFirst(count)
      } else if errno != EINTR {
        throw .system(path, .last)
      }
    }
  }

  /// Calls a function with each whole line and its number from 1, and returns where the last of these ends.
  private func readResults(
    _ body: ([UInt8], Int) throws(ResultsFileError) -> Void
  ) throws(ResultsFileError) -> Int {
    var lines = ResultLines(quotes: format.header != nil)
    var number = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return lines.end }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw .system(path, .last)
      }
      for byte in chunk[..<count] {
        guard let line = lines.add(byte) else { continue }
        number += 1
        try body(line, number)
      }
    }
  }

  /// Nil for the header.
  private func result(of line: [UInt8], number: Int) throws(ResultsFileError) -> FinishedPictures.Result? {
    if let header = format.header {
      if number == 1 {
        guard line == Array(header.utf8) else { throw .otherHeader(path, found: String(decoding: line, as: UTF8.self)) }
        return nil
      }
      guard let fields = CSVResult.fields(line), fields.count > 2 else { throw .notAResult(path, line: number) }
      let classes = stride(from: 2, to: fields.count - 1, by: 3).map { (number: fields[$0], label: fields[$0 + 1]) }
      guard !fields[1].isEmpty || classes.allSatisfy({ origin.gives(Int($0.number) ?? -1, label: $0.label) }) else {
        throw .ofAnotherRun(path, line: number)
      }
      return FinishedPictures.Result(name: fields[0], failed: !fields[1].isEmpty)
    } else {
      struct Finished: Decodable {
        var image: String
        var error: String?
        var precision: String?
        var layer: String?
        var predictions: [ResultOrigin.Class]?
      }
      guard let result = try? JSONDecoder().decode(Finished.self, from: Data(line)) else {
        throw .notAResult(path, line: number)
      }
      guard result.error != nil || origin.gives(precision: result.precision, layer: result.layer, result.predictions)
      else { throw .ofAnotherRun(path, line: number) }
      return FinishedPictures.Result(name: result.image, failed: result.error != nil)
    }
  }
}

/// How a run goes on with what an earlier one wrote.
enum Resumption {
  case keepAll
  /// Pictures that could not be classified are tried again, and their lines taken out.
  case retryFailures
}

/// Cuts bytes into lines; in a table a quoted field may have newlines.
private struct ResultLines {
  let quotes: Bool
  /// Behind the last whole line.
  private(set) var end = 0
  private var position = 0
  private var line: [UInt8] = []
  private var isQuoted = false

  init(quotes: Bool) { self.quotes = quotes }

  /// - Returns: The line that ends with this byte, without it.
  mutating func add(_ byte: UInt8) -> [UInt8]? {
    position += 1
    if quotes, byte == UInt8(ascii: "\"") { isQuoted.toggle() }
    guard byte == UInt8(ascii: "\n"), !isQuoted else {
      line.append(byte)
      return nil
    }
    end = position
    defer { line.removeAll(keepingCapacity: true) }
    return line
  }
}

/// Why results cannot be written to a file.
enum ResultsFileError: Error, CustomStringConvertible {
  case system(String, SystemError)
  case notAFile(String)
  case isInUse(String)
  case notReplaced(String, reason: String)
  case exists(String)
  case otherHeader(String, found: String)
  case notAResult(String, line: Int)
  case ofAnotherRun(String, line: Int)

  var description: String {
    switch self {
    case .system(let path, let error): "\(path): \(error)"
    case .notAFile(let path): "\(path) is no regular file; to print results, leave --output out"
    case .isInUse(let path): "another run is writing to \(path)"
    case .notReplaced(let path, let reason): "cannot take the failures out of \(path): \(reason)"
    case .exists(let path): "\(path) has results already: --resume goes on with them, or remove the file"
    case .otherHeader(let path, let found):
      "\(path) begins with \"\(found)\", which is not what these options give: --top and the model must be the same"
    case .notAResult(let path, let line): "line \(line) of \(path) is no result of this command"
    case .ofAnotherRun(let path, let line):
      "line \(line) of \(path) is a result of other classes or options; --resume goes on with the same model and options"
    }
  }
}
