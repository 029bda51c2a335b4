/// Values in memory that is never freed: a run of a kernel holds pointers alone, and an array that is handed to its initializer
/// may be gone before the kernel reads it.
func kept<Element>(_ values: [Element]) -> UnsafePointer<Element> {
  let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: values.count)
  _ = unsafe memory.initialize(from: values)
  return unsafe UnsafePointer(memory.baseAddress!)
}
