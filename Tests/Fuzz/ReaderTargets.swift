import Files
import ModelGraph

@testable import HDF5
@testable import ModelImport

/// Every structure, attribute and value of a file; checksums may be wrong, so that changes reach what is behind them.
struct HDF5Target: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    let file = FileBytes(unsafe [UInt8](bytes))
    guard HDF5File.isHDF5(file) else { return .foreign }
    var limits = HDF5Limits()
    limits.verifiesChecksums = false
    // Few enough that a value of the file cannot slow the search down.
    limits.values = 1 << 16
    limits.attributeBytes = 1 << 18
    limits.objects = 1 << 10
    do throws(HDF5Error) {
      let root = try HDF5File(file, limits: limits).root
      for dataset in root.allDatasets {
        guard try dataset.values().count == dataset.count else { defect("the number of \(dataset.path)'s values") }
      }
      return .accepted
    } catch {
      return .refused
    }
  }
}

/// An archive's directory and all of its entries.
struct ZipTarget: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    do throws(ImportError) {
      let archive = try ZipArchive(FileBytes(unsafe [UInt8](bytes)))
      var outcome = FuzzOutcome.accepted
      for name in archive.names {
        do throws(ImportError) { _ = try archive.contents(of: name, limit: 1 << 16) } catch { outcome = .refused }
      }
      return outcome
    } catch {
      return .refused
    }
  }
}

struct JSONTarget: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    do throws(ImportError) {
      _ = try JSONParser.parse(unsafe [UInt8](bytes))
      return .accepted
    } catch {
      return .refused
    }
  }
}

struct LabelsTarget: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    do throws(ImportError) {
      let labels = try Labels.parse(unsafe [UInt8](bytes))
      guard !labels.isEmpty, !labels.contains("") else { defect("no labels, or an empty one") }
      return .accepted
    } catch {
      return .refused
    }
  }
}

/// The pickle of a state dictionary, and its tensors with storages of zeros.
struct PickleTarget: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    do throws(ImportError) {
      var reader = PickleReader(FileBytes(unsafe [UInt8](bytes)))
      let tensors = try TorchTensors(of: try reader.read())
      let weights = try tensors.weights { (storage) throws(ImportError) in
        FileBytes([UInt8](repeating: 0, count: min(storage.count, 1 << 12) * storage.elementType.byteCount))
      }
      for array in weights.arrays.values { _ = try array.values() }
      return .accepted
    } catch {
      return .refused
    }
  }
}

/// The header of a safetensors file, with as many values behind it as the first two bytes say, and the network of its names.
struct SafetensorsTarget: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    guard bytes.count >= 2 else { return .foreign }
    let count = unsafe Int(bytes[0]) | Int(bytes[1]) << 8
    let header = unsafe Array(bytes[2...])
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    let file = ForeignFile(path: "", bytes: length + header + [UInt8](repeating: 0, count: count))
    do throws(ImportError) {
      let arrays = try SafetensorsHeader(file, limits: ImportLimits()).arrays
      for array in arrays { _ = try array.values() }
      _ = try StateDictionary(arrays).model(beside: file, options: ImportOptions())
      return .accepted
    } catch {
      return .refused
    }
  }

  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? {
    guard bytes.count >= 2, let header = JSONMutation.mutated(Array(bytes[2...]), &random) else { return nil }
    return bytes[..<2] + header
  }
}
