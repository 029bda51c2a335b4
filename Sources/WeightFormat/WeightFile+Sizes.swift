extension WeightFile {
  /// The length of the file.
  package var byteCount: Int { header.fileLength }

  /// What each tensor of the graph takes in the file.
  package var storedByteCounts: [Int] { blockTable.blocks.map { $0.reduce(0) { $0 + $1.length } } }
}
