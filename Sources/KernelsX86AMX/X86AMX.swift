#if arch(x86_64)
  import CIntrinsics
  import Kernels
  import KernelsX86BF16

  /// AMX with AVX-512, VNNI and BF16: Sapphire Rapids and later. Whatever matrix registers do not multiply is left to
  /// `X86BF16`.
  public enum X86AMX: AVX512BF16, MatrixTileUnit, DelegatingUnit {
    public static var base: any KernelSet.Type { plainAVX512BF16() }

    @inlinable
    public static var tileRows: Int { matrixRows }

    public static func tileRows(_ arithmetic: Arithmetic) -> Int {
      usesMatrixRegisters(arithmetic) ? matrixRows : base.tileRows(arithmetic)
    }

    public static func multiply(_ product: Product) {
      switch product.arithmetic {
      case .int8: multiplyTiles(product, IntegerTile<Self>.self)
      case .bfloat16: multiplyBFloat16(product)
      case .float32, .bfloat16Weights, .int16, .int8Weights: base.multiply(product)
      }
    }

    public static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float {
      switch arithmetic {
      case .int8: multiplyAddsOfTiles(count, IntegerTile<Self>.self)
      case .bfloat16: multiplyAddsOfBFloat16(count)
      case .float32, .bfloat16Weights, .int16, .int8Weights: base.multiplyAdds(count, arithmetic)
      }
    }

    public static func quantize(_ run: QuantizeRun) { base.quantize(run) }
    public static func quantize(_ band: BandRun) -> Float { base.quantize(band) }
    public static func transformInput(_ run: WinogradBytesInput) { base.transformInput(run) }
    public static func pack(_ run: BytePacking) { base.pack(run) }
    public static func sumColumns(_ run: ColumnStarts) { base.sumColumns(run) }

    @inline(__always)
    public static func configureTiles() { configure_tiles() }

    @inline(__always)
    public static func releaseTiles() { release_tiles() }

    @inline(__always)
    public static func clearSums(_ count: TileCount) {
      switch count {
      case .one: clear_one_tile()
      case .two: clear_two_tiles()
      }
    }

    @inline(__always)
    public static func load(
      _ count: TileCount, rows: UnsafePointer<Float>, more: UnsafePointer<Float>, columns: UnsafePointer<Float>
    ) {
      switch count {
      case .one: load_one_tile(rows, columns)
      case .two: load_two_tiles(rows, more, columns)
      }
    }

    @inline(__always)
    public static func multiplyBytes(_ count: TileCount) {
      switch count {
      case .one: multiply_one_tile_of_bytes()
      case .two: multiply_two_tiles_of_bytes()
      }
    }

    @inline(__always)
    public static func multiplyBFloat16s(_ count: TileCount) {
      switch count {
      case .one: multiply_one_tile_of_bf16()
      case .two: multiply_two_tiles_of_bf16()
      }
    }

    @inline(__always)
    public static func storeSums(_ count: TileCount, to sums: UnsafeMutablePointer<Float>) {
      switch count {
      case .one: store_one_tile(sums)
      case .two: store_two_tiles(sums)
      }
    }
  }
#endif
