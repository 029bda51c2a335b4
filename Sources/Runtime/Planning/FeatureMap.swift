import Kernels

/// How a value is laid out in memory: rows of pixels, each pixel its channels, with zero pixels on both sides of a row
/// so that a window that reaches over the edge needs no code of its own. A row of zeros stands in for the rows above
/// and below.
///
/// A vector is one pixel. All numbers are in words of four bytes, pixels or rows.
struct FeatureMap {
  var height: Int
  var width: Int
  var channels: Int
  /// The words of a pixel: the channels padded to whole column panels, half as many words where two share one, or `channels`
  /// itself for an image that only gathering steps read.
  var pixelWords: Int
  /// From one pixel to the next: `pixelWords`, or more where the channels of other maps follow in the same memory.
  var pixelStride: Int
  /// Where its channels begin in each pixel, behind those of other maps.
  var firstWord = 0
  var element = MapElementType.float32
  /// The zero pixels before and after each row.
  var left = 0
  var right = 0
  /// Room behind each row for the sums of its channels, as floats, where a step that makes this map, or one that shares its
  /// memory, adds them.
  var sumWords = 0
  /// The rows in memory: all of them, or a band that the steps of one stage pass to each other. Row y is at y % rows.
  var rows: Int
  /// Where the first row starts.
  var offset = 0
  var memory = Memory.arena

  /// Which memory a map is in.
  enum Memory {
    case arena
    /// The memory of each member of the team, which holds bands.
    case band
    /// The memory of the plan's weights.
    case weights
  }

  var rowStride: Int { (left + width + right) * pixelStride + sumWords }
  var wordCount: Int { rows * rowStride }
  var pixels: Int { height * width }

  /// The values of a pixel, including padding.
  var paddedChannels: Int { element == .float32 ? pixelWords : 2 * pixelWords }

  /// The words of one column panel's channels.
  func panelWords(_ panelWidth: Int) -> Int { element == .float32 ? panelWidth : panelWidth / 2 }
}
