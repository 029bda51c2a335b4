import CountedKernels
import Glibc

/// Compares the portable kernels, as they are compiled for this processor, with plain loops.
@main struct Main {
  static func main() {
    let checks: [(name: String, run: () -> Void)] = [
      ("products", ProductChecks.run), ("depthwise", DepthwiseChecks.run), ("pools", PoolChecks.run),
      ("values one by one", ElementwiseChecks.run), ("quantizing", QuantizingChecks.run),
      ("convolutions", ConvolutionChecks.run), ("images", ImageChecks.run), ("Strassen's product", StrassenChecks.run),
      ("Winograd's convolution", WinogradChecks.run), ("Winograd's windows of bytes", WinogradBytesChecks.run),
      ("Winograd's lines", WinogradLineChecks.run),
    ]
    for check in checks {
      let (count, disagreements) = (Comparisons.count, Comparisons.disagreements)
      check.run()
      print("  \(check.name): \(Comparisons.count - count) comparisons", terminator: "")
      let wrong = Comparisons.disagreements - disagreements
      print(wrong == 0 ? "" : ", \(wrong) disagree")
    }
    let calls = KernelFamily.allCases.map { CountedKernels.calls(of: $0) }
    let missing = calls.count { $0 == 0 }
    for family in KernelFamily.allCases where calls[family.rawValue] == 0 {
      print("NOT REACHED: kernel family \(family.rawValue)")
    }
    print("  in all: \(Comparisons.count) comparisons, \(Comparisons.disagreements) disagree;", terminator: " ")
    print("\(calls.count - missing) of \(calls.count) families of kernels in \(calls.reduce(0, +)) calls")
    exit(Comparisons.disagreements == 0 && missing == 0 ? 0 : 1)
  }
}
