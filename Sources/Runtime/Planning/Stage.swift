/// What must be complete before the next stage begins: one step that the team shares, several products of the same rows, or
/// several steps that each member runs in turns of a few rows, so that what one step makes is still in the cache when the
/// next one reads it.
struct Stage {
  var steps: Range<Int>
  /// The rows of the last step's output that are made in a turn; 0 for a single step and for products of the same rows.
  var turnRows: Int
  /// The map that the stage leaves, whose rows the members share.
  var output: Int
  /// How the members divide it.
  var size = StageSize.units(1)
}
