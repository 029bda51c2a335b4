#if os(Linux)
  import Foundation
  import Testing

  @testable import WeightFormat

  @Suite("Memory")
  struct AllocationTests {
    /// Far less than any count of the samples that is too large would take, and enough for threads and their arenas.
    private static let allowance: UInt = 256 << 20

    @Test func `No invalid sample makes the reader allocate what it claims to need`() async throws {
      await #expect(processExitsWith: .success) {
        // Loads all code and starts all threads that reading needs.
        let valid = try Sample.all.first { $0.fault == nil }!.make()
        guard SampleTests.outcome(valid)[0] == "valid" else { exit(2) }
        let files = try Sample.all.filter { $0.fault != nil }.map { try $0.make() }
        // The first number of this file is the size of the address space, in pages.
        let status = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        guard let pages = status.split(separator: " ").first.flatMap({ UInt($0) }) else { exit(3) }
        let bytes = pages * UInt(sysconf(Int32(_SC_PAGESIZE))) + AllocationTests.allowance
        var limit = rlimit(rlim_cur: numericCast(bytes), rlim_max: .max)
        #if canImport(Glibc)
          guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { exit(4) }
        #else
          guard unsafe setrlimit(RLIMIT_AS, &limit) == 0 else { exit(4) }
        #endif
        // Memory that cannot be had ends the process.
        for file in files where SampleTests.outcome(file)[0] == "valid" { exit(5) }
      }
    }
  }
#endif
