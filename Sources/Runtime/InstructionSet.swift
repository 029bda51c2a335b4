import CIntrinsics
import Kernels
import KernelsPortable

#if arch(x86_64)
  import KernelsX86AMX
  import KernelsX86BF16
  import KernelsX86V3
  import KernelsX86V4
  import KernelsX86VNNI
#endif

/// The instruction sets that there are kernels for, the fastest first.
package enum InstructionSet: String, Hashable, Sendable, CaseIterable {
  /// `avx512bf16` and AMX with products of bytes and of bf16: Sapphire Rapids and later.
  case amx
  /// `avx512vnni` and AVX512_BF16: Cooper Lake, Zen 4.
  case avx512bf16
  /// `avx512` and AVX512_VNNI: Cascade Lake, Ice Lake.
  case avx512vnni
  /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL.
  case avx512
  /// x86-64-v3: AVX2 and FMA.
  case avx2
  /// SSE2 on x86-64, NEON on arm64.
  case portable

  /// Those that the processor has and whose registers the operating system saves; never empty.
  package static let supported = allCases.filter(\.isSupported)

  package static var best: InstructionSet { supported[0] }

  private var isSupported: Bool {
    switch self {
    case .amx: processor_has_amx()
    case .avx512bf16: processor_has_avx512_bf16()
    case .avx512vnni: processor_has_avx512_vnni()
    case .avx512: processor_has_x86_64_v4()
    case .avx2: processor_has_x86_64_v3()
    case .portable: true
    }
  }

  /// The instruction set that an option or the variable `XCEPTION_ISA` names; without a name, the best.
  package init(named name: String?) throws(UnsupportedInstructionSet) {
    guard let name, !name.isEmpty else {
      self = Self.best
      return
    }
    guard let found = Self.supported.first(where: { $0.rawValue == name }) else {
      throw UnsupportedInstructionSet(name: name)
    }
    self = found
  }

  /// Whether products of bf16 numbers are faster here than those of fp32 numbers. This is known of the processor and
  /// not measured, so that equal processors compute equal bits: AMX has nothing faster; of the AVX512_BF16 instructions
  /// AMD's run at the full rate, and Intel's at half of it, where they gain nothing.
  package var multipliesBFloat16Fast: Bool {
    switch self {
    case .amx: true
    case .avx512bf16: processor_multiplies_bf16_fast()
    case .avx512vnni, .avx512, .avx2, .portable: false
    }
  }

  package var kernels: any KernelSet.Type {
    switch self {
    #if arch(x86_64)
      case .amx: X86AMX.self
      case .avx512bf16: X86BF16.self
      case .avx512vnni: X86VNNI.self
      case .avx512: X86V4.self
      case .avx2: X86V3.self
    #else
      case .amx, .avx512bf16, .avx512vnni, .avx512, .avx2: preconditionFailure("\(self) is not supported here")
    #endif
    case .portable: Portable.self
    }
  }
}

/// An instruction set was asked for that does not exist or that this machine does not support.
package struct UnsupportedInstructionSet: Error, Hashable, CustomStringConvertible {
  package var name: String

  package var description: String {
    let supported = InstructionSet.supported.map(\.rawValue).joined(separator: ", ")
    return "the instruction set \"\(name)\" is not supported here, expected one of \(supported)"
  }
}
