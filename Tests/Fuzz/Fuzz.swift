// The three functions that libFuzzer calls (https://llvm.org/docs/LibFuzzer.html). `Tests/fuzz.sh` builds and runs them.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the environment variable `FUZZ_TARGET` names.
private let target: any FuzzTarget = {
  let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
  guard let make = fuzzTargets[name] else {
    fatalError("FUZZ_TARGET is \"\(name)\", expected one of \(fuzzTargets.keys.sorted().joined(separator: ", "))")
  }
  return make()
}()

/// How many inputs were read to their end, which says how deep a target reaches. libFuzzer calls from one thread.
nonisolated(unsafe) private var accepted = 0
nonisolated(unsafe) private var executions = 0

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ argc: UnsafeMutablePointer<CInt>, _ argv: UnsafeMutableRawPointer) -> CInt {
  _ = target
  atexit {
    let line = unsafe "accepted \(accepted) of \(executions)\n"
    _ = unsafe line.withCString { unsafe write(2, $0, strlen($0)) }
  }
  return 0
}

/// -1 keeps an input out of the corpus.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let outcome = unsafe target.run(UnsafeBufferPointer(start: start, count: count))
  unsafe executions += 1
  if outcome == .accepted { unsafe accepted += 1 }
  return outcome == .foreign ? -1 : 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(
  _ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int, _ seed: UInt32
) -> Int {
  var random = FuzzRandom(seed: UInt64(seed))
  if random.chance(8) { return unsafe mutateBytes(data, count, capacity) }
  guard let mutated = unsafe target.mutated([UInt8](UnsafeBufferPointer(start: data, count: count)), &random),
    mutated.count <= capacity
  else { return unsafe mutateBytes(data, count, capacity) }
  for (index, byte) in mutated.enumerated() { unsafe data[index] = byte }
  return mutated.count
}
