import ModelGraph

/// Something that reads a stranger's bytes. What it must never do is end the process: that is what libFuzzer looks for.
protocol FuzzTarget: Sendable {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome

  /// The bytes with a change that leaves them well-formed; nil for one of libFuzzer's own.
  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]?
}

extension FuzzTarget {
  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? { nil }
}

enum FuzzOutcome {
  case accepted, refused
  /// Not of the target's kind at all: not worth keeping, though it reached something new.
  case foreign
}

/// Every target by its name, made when it is asked for.
let fuzzTargets: [String: @Sendable () -> any FuzzTarget] = [
  "weights": { WeightFileTarget() },
  "rules": { RulesTarget() },
  "network": { NetworkTarget() },
  "graphs": { RandomGraphTarget() },
  "jpeg": { ImageTarget([.jpeg]) },
  "png": { ImageTarget([.png]) },
  "webp": { ImageTarget([.webp]) },
  "gif": { ImageTarget([.gif]) },
  "bmp": { ImageTarget([.bmp]) },
  "tiff": { ImageTarget([.tiff]) },
  "heif": { ImageTarget([.heic, .avif, .heif]) },
  "netpbm": { ImageTarget([.pbm, .pgm, .ppm, .pam]) },
  "hdf5": { HDF5Target() },
  "zip": { ZipTarget() },
  "json": { JSONTarget() },
  "keras": { KerasTarget() },
  "onnx": { ONNXTarget() },
  "safetensors": { SafetensorsTarget() },
  "pickle": { PickleTarget() },
  "labels": { LabelsTarget() },
]

/// The random numbers of one mutation.
struct FuzzRandom {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// Below a bound, which is at least 1.
  mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

  /// True once in so many times.
  mutating func chance(_ count: Int) -> Bool { below(count) == 0 }

  mutating func element<Element>(of array: [Element]) -> Element { array[below(array.count)] }

  mutating func bits() -> UInt64 { generator.next() }
}

@_silgen_name("LLVMFuzzerMutate")
private func llvmFuzzerMutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int) -> Int

/// One of libFuzzer's own mutations, in place; the new count.
func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int) -> Int {
  unsafe llvmFuzzerMutate(data, count, capacity)
}

/// One of libFuzzer's own mutations of a part, which may grow a little.
func mutatedPart(_ part: [UInt8]) -> [UInt8] {
  var bytes = part + [UInt8](repeating: 0, count: 64)
  let count = unsafe bytes.withUnsafeMutableBufferPointer { unsafe mutateBytes($0.baseAddress!, part.count, $0.count) }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// Ends the process, which libFuzzer reports with the input.
func defect(_ message: @autoclosure () -> String) -> Never { fatalError("DEFECT: \(message())") }
