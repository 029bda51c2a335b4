import CommandSupport
import ImageInput
import Xception

/// What a run makes of each picture.
enum PictureTask: Sendable {
  case classify
  /// A heatmap of a class, nil for the likeliest, in a file.
  case heatmap(file: String, classIndex: Int?)
  /// An entry of a page.
  case report(classIndex: Int?)
  case values(of: Layer)
}

extension Classifier {
  /// The class of a name or, where no class is called so, of a number from 0.
  func classIndex(ofNameOrNumber text: String) throws(HeatmapError) -> Int {
    guard !labels.contains(text), let number = Int(text) else { return try classIndex(of: text) }
    guard 0..<classCount ~= number else { throw .noSuchClass(number, classCount: classCount) }
    return number
  }

  func name(of classIndex: Int) -> String { classIndex < labels.count ? labels[classIndex] : "\(classIndex)" }
}

extension PictureNames.Picture {
  /// The file's bytes, for what reads them twice: of standard input and pipes there is only one chance.
  func bytes(limit: Int) throws(ImageError) -> [UInt8] {
    switch self {
    case .file(let path): try FileReading.bytes(ofFileAt: path, limit: limit)
    case .standardInput: try FileReading(descriptor: 0).bytes(limit: limit)
    case .unreadable(let path, let reason): throw .unreadable(path: path, reason: reason)
    }
  }
}

extension Heatmap {
  /// Writes the picture of a file with the heatmap over it.
  func write(over bytes: [UInt8], to file: String) throws {
    try OutputFile.save(png(over: .encoded(bytes)), to: file)
  }
}
