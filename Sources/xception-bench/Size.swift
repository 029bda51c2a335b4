import ArgumentParser
import ModelGraph

/// An input size as it is written on the command line: `299x299`, width before height.
struct Size: ExpressibleByArgument, Hashable {
  var extent: Extent

  init(extent: Extent) { self.extent = extent }

  init?(argument: String) {
    let sides = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else { return nil }
    extent = Extent(height: height, width: width)
  }
}
