import CIntrinsics

/// How many processors this process may use.
package enum ProcessorCount {
  /// The smaller of the processors that the affinity mask allows and the processor time that the control group
  /// grants; at least 1. Read once.
  package static let available = max(1, min(allowed, ControlGroup().processorLimit ?? .max))

  /// The processors that the scheduler may run the calling thread on; on macOS, its performance cores. At least 1.
  package static var allowed: Int { max(1, Int(allowed_processors())) }
}
