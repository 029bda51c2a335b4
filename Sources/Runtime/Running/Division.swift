import Kernels

/// How the members of a team divide a stage.
///
/// Most stages are one phase: each ticket is some rows of the output with everything that they need, or some columns of
/// a vector. A product with large weights or few rows takes two phases for each block of rows: the members make one row
/// panel together, then divide its tiles and column panels, so that each member reads only a part of the weights.
struct Division {
  /// The tickets of a phase for each member. With 8 a member is late by an eighth of its part at most, and one that is
  /// delayed leaves most of its part to the others.
  private static let ticketsOfMember = 8

  /// What the tickets of the only phase divide; for a product, tiles of rows.
  private var units: Int
  /// For a product that is shared, else nil.
  private(set) var shared: SharedProduct?

  init(_ size: StageSize, members: Int) {
    switch size {
    case .units(let count): units = max(count, 1)
    case .product(let product):
      units = product.tiles(product.rows)
      if members > 1 {
        let shared = SharedProduct(product, members: members)
        if product.isFaster(shared, for: members) { self.shared = shared }
      }
    }
  }

  /// The phases of the stage.
  var parts: Int { shared.map { 2 * $0.blocks } ?? 1 }

  func units(inPart part: Int) -> Int {
    guard let shared else { return units }
    return part % 2 == 0 ? shared.size.makingUnits(shared.block(part).count) : shared.rowParts * shared.size.panels
  }

  static func tickets(of units: Int, members: Int) -> Int {
    members == 1 ? 1 : min(units, ticketsOfMember * members, 0xffff)
  }
}

extension ProductSize {
  /// Weights that mostly fit a second-level cache of 1 MiB can be read again and again: with 512 KiB here, ResNet-50 in
  /// int8 took 5 % longer on two processors, VGG-16 2 % and Xception in bf16 1 %.
  private static let cachedBytes = 1100 << 10

  /// The cost of waiting for each other, in multiply-adds of a tile with a column panel.
  private static let waiting = 1200

  /// Whether the members of a team should make row panels together, rather than each its own.
  func isFaster(_ shared: SharedProduct, for members: Int) -> Bool {
    // Otherwise every member reads all weights several times, as its part is several tickets; but with many blocks it
    // reads them for each block.
    if weightBytes > Self.cachedBytes, shared.blocks <= sharedBlocksOfMember * members { return true }
    let own = (tiles(rows) + members - 1) / members * panels
    let part = shared.largestPart * shared.blocks * 17 / 16 + Self.waiting * shared.blocks / max(depth, 1)
    return part < own
  }
}

/// A product whose row panels the members of a team make together.
struct SharedProduct {
  let size: ProductSize
  let blocks: Int
  /// How many parts the tiles of a block are divided into; the columns are always divided.
  let rowParts: Int
  /// The tiles times column panels of the member that has the most.
  let largestPart: Int

  init(_ size: ProductSize, members: Int) {
    self.size = size
    blocks = (size.rows + size.sharedRows - 1) / size.sharedRows
    let tiles = size.tiles((size.rows + blocks - 1) / blocks)
    var best = (rowParts: 1, largestPart: Int.max)
    for rowParts in 1...max(1, min(tiles, members)) {
      // The largest part of a member. Of equal divisions the one with the fewest row parts wins: each row part reads
      // the weights of its columns.
      let largest = ((rowParts * size.panels + members - 1) / members) * ((tiles + rowParts - 1) / rowParts)
      if largest < best.largestPart { best = (rowParts, largest) }
    }
    (rowParts, largestPart) = best
  }

  /// The rows of the block that a part of the stage makes or multiplies.
  func block(_ part: Int) -> Range<Int> { share(part / 2, of: blocks, size.rows) }

  /// Calls `body` with the tiles and the column panels of some units, which are ordered by rows, then by columns.
  func forEachPart(of units: Range<Int>, tiles: Int, _ body: (_ tiles: Range<Int>, _ panels: Range<Int>) -> Void) {
    var unit = units.lowerBound
    while unit < units.upperBound {
      let (rowPart, panel) = unit.quotientAndRemainder(dividingBy: size.panels)
      let end = min(units.upperBound - unit + panel, size.panels)
      let tiles = share(rowPart, of: rowParts, tiles)
      if !tiles.isEmpty { body(tiles, panel..<end) }
      unit += end - panel
    }
  }
}
