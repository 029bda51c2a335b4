import Kernels

/// The kernels that the plain loops of these tests are compared with; the checks on NEON, which share those loops, have
/// the portable ones for it, as Embedded Swift has no metatypes of protocols.
typealias AnyKernelSet = any KernelSet.Type
