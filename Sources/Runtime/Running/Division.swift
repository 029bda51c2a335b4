import Kernels

/// How the members of a team divide a stage: each ticket is some rows of the output with everything that they need, some
/// columns of a vector, or some column panels of a part of a product's rows.
struct Division {
  /// The tickets of a phase for each member. With 8 a member is late by an eighth of its part at most, and one that is
  /// delayed leaves most of its part to the others.
  private static let ticketsOfMember = 8

  /// What the tickets divide; for a product whose columns are not divided, parts of the rows, as many as tiles or more.
  let units: Int
  /// For a product whose columns are divided too, else nil.
  let grid: ProductGrid?

  init(_ size: StageSize, members: Int) {
    switch size {
    case .units(let count): (units, grid) = (max(count, 1), nil)
    case .product(let size):
      let grid = members > 1 ? ProductGrid(size, members: members) : nil
      if let grid, grid.cost < size.cost(ofTilesFor: members) {
        (units, self.grid) = (grid.rowParts * size.panels, grid)
      } else {
        (units, self.grid) = (size.parts(for: members), nil)
      }
    }
  }

  static func tickets(of units: Int, members: Int) -> Int {
    members == 1 ? 1 : min(units, ticketsOfMember * members, 0xffff)
  }

  /// The rows that belong to some units of a product whose columns are not divided. All units have as many, none more than
  /// a tile: of 16 windows of DenseNet's, two members have 8 each, not 14 and 2.
  func rows(of units: Range<Int>, in rows: Int) -> Range<Int> {
    rows * units.lowerBound / self.units..<rows * units.upperBound / self.units
  }
}

/// A product whose units are column panels of parts of the rows, ordered by rows, then by columns.
///
/// Members that multiply the same rows each make them: what another processor has just written comes slower from its
/// cache than rows are made again, and nobody waits.
struct ProductGrid {
  let size: ProductSize
  let rowParts: Int
  let cost: Double

  /// Divides the rows into so many parts that a member's memory has room for each, and that the member with the most to
  /// do is done first.
  init(_ size: ProductSize, members: Int) {
    self.size = size
    let least = (size.rows + size.blockRows - 1) / size.blockRows
    var best = (rowParts: least, cost: Double.infinity)
    // With one part more for each member, 4 members shared MobileNetV2's maps of 14 tiles less evenly.
    for rowParts in least...max(least, min(size.tiles(size.rows), least + 4 * members)) {
      let cost = size.cost(rowParts: rowParts, members: members)
      if cost < best.cost { best = (rowParts, cost) }
    }
    (rowParts, cost) = best
  }

  func rows(_ part: Int) -> Range<Int> { share(part, of: rowParts, size.rows) }

  /// Calls `body` with each part of the rows that some units have, and their column panels.
  func forEachPart(of units: Range<Int>, _ body: (_ part: Int, _ panels: Range<Int>) -> Void) {
    var unit = units.lowerBound
    while unit < units.upperBound {
      let (part, panel) = unit.quotientAndRemainder(dividingBy: size.panels)
      let end = min(units.upperBound - unit + panel, size.panels)
      body(part, panel..<end)
      unit += end - panel
    }
  }
}

/// What the member that has the most to do takes for a product, in cycles for each word of its depth.
extension ProductSize {
  /// Weights that mostly fit a second-level cache of 1 MiB can be read again and again: with 512 KiB here, ResNet-50 in
  /// int8 took 5 % longer on two processors, VGG-16 2 % and Xception in bf16 1 %.
  private static let cachedBytes = 1100 << 10

  /// Where each of some parts of the rows is multiplied by columns that members divide.
  fileprivate func cost(rowParts: Int, members: Int) -> Double {
    let units = (rowParts * panels + members - 1) / members
    let parts =
      members % rowParts == 0
      ? 1 : rowParts % members == 0 ? rowParts / members : (units + panels - 1) / panels + (units < panels ? 1 : 0)
    return cost(
      parts: parts, tiles: Double(tiles((rows + rowParts - 1) / rowParts)), panels: units,
      read: weightBytes > Self.cachedBytes ? units : min(units, panels))
  }

  /// Where members take tiles, and multiply them by all columns. Their part is several tickets, for each of which larger
  /// weights are read again.
  fileprivate func cost(ofTilesFor members: Int) -> Double {
    let parts = parts(for: members)
    let units = (parts + members - 1) / members
    let tickets = weightBytes > Self.cachedBytes ? min(units, 4) : 1
    // Of smaller tiles as much less is made and multiplied.
    let tile = parts > tiles(rows) ? Double(rows) / Double(parts * tileRows) : 1
    return cost(parts: 1, tiles: Double(units) * tile, panels: panels, read: tickets * panels)
  }

  private func cost(parts: Int, tiles: Double, panels: Int, read: Int) -> Double {
    Double(parts * tileRows) * tiles * cycles.row + Double(panels) * tiles * cycles.tile + Double(read) * cycles.panel
  }
}
