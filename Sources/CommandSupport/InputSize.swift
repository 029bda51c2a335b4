internal import ArgumentParser
package import ModelGraph

/// An input size as it is written on the command line: `299`, or a width and a height as in `320x240`.
package struct InputSize: ExpressibleByArgument, Hashable {
  package let extent: Extent

  package init?(argument: String) {
    let sides = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let width = sides[0], let height = sides[sides.count - 1],
      (1...Limits.window).contains(width), (1...Limits.window).contains(height)
    else { return nil }
    extent = Extent(height: height, width: width)
  }
}
