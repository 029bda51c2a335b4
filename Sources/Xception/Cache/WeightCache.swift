internal import Files

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// A folder of weights that are packed already, so that a model which was loaded once on this machine is ready at once the
/// next time: its weights are mapped, and all processes that run it share their memory.
///
/// A file there is used only if this user owns it and no other may read or write it; if it was made from the weights file as
/// it is now, by this version of the packing code, for the same instruction set, precision and options; and if the checksums of
/// all of its bytes are right. Any other counts for nothing, and is replaced. Nothing that goes wrong with the folder is an
/// error: the model is loaded as it would be without.
///
/// The files are never changed, but replaced and removed as a whole, so that processes which run from them go on. A program
/// that cuts one short ends the processes that have it mapped.
public struct WeightCache: Hashable, Sendable {
  /// The path of the folder, which is made where it does not exist, but not the folder that it lies in.
  public let folder: String
  /// How many bytes the files in the folder may have together; those that were not used for longest make room for others.
  public let limit: Int
  /// The smallest block of weights that is kept: reading less takes no longer than mapping it.
  var leastByteCount = 1 << 20

  /// 2 GiB.
  public static let standardLimit = 2 << 30

  /// - Parameters:
  ///   - folder: One of the user's own, for nothing else.
  ///   - limit: In bytes.
  public init(folder: URL, limit: Int = standardLimit) { self.init(path: folder.path, limit: limit) }

  /// - Parameters:
  ///   - path: Of a folder of the user's own, for nothing else.
  ///   - limit: In bytes.
  public init(path: String, limit: Int = standardLimit) {
    folder = path
    self.limit = limit
  }

  package init(path: String, limit: Int = standardLimit, leastByteCount: Int) {
    self.init(path: path, limit: limit)
    self.leastByteCount = leastByteCount
  }
}
