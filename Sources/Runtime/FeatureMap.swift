/// How a value lies in memory: rows of pixels, each pixel its channels, with zero pixels on both sides of a row so that a
/// window that reaches over the edge needs no code of its own. Rows above and below are replaced by a row of zeros.
///
/// A vector is one pixel. All numbers count floats, pixels or rows.
struct FeatureMap {
  var height: Int
  var width: Int
  var channels: Int
  /// From pixel to pixel: the channels padded to whole column panels, or `channels` itself for an image that only
  /// gathering steps read.
  var pixelStride: Int
  /// The zero pixels before and after each row.
  var left = 0
  var right = 0
  /// The rows in memory: all of them, or the band that the steps of one stage hand to each other. Row y is at y % rows.
  var rows: Int
  /// Where the first row starts: in the arena, or, if private, in the band memory of each member of the team.
  var offset = 0
  var isPrivate = false

  var rowStride: Int { (left + width + right) * pixelStride }
  var floatCount: Int { rows * rowStride }
  var pixels: Int { height * width }
}
