import CIntrinsics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The system's thread under a worker.
struct WorkerThread {
  /// In bytes. Kernels keep their sums in registers and their panels in an arena, so this is ample.
  static let stackSize = 1 << 20

  private let thread: pthread_t

  /// Starts a thread that works until its worker is stopped; nil where the system allows no more threads.
  ///
  /// - Parameter number: Part of the thread's name, which debuggers and profilers show.
  init?(running worker: UnsafeMutablePointer<Worker>, for teams: UnsafeMutableBufferPointer<Team>, number: Int) {
    var attributes = pthread_attr_t()
    guard unsafe pthread_attr_init(&attributes) == 0 else { return nil }
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, Self.stackSize)
    let start = unsafe Unmanaged.passRetained(Start(worker: worker, teams: teams, number: number))
    #if canImport(Darwin)
      var thread: pthread_t?
      let status = unsafe pthread_create(
        &thread, &attributes, { unsafe WorkerThread.main(Unmanaged<Start>.fromOpaque($0)) }, unsafe start.toOpaque())
    #else
      var thread = pthread_t()
      let status = unsafe pthread_create(
        &thread, &attributes, { unsafe WorkerThread.main(Unmanaged<Start>.fromOpaque($0!)) }, unsafe start.toOpaque())
    #endif
    guard status == 0 else {
      unsafe start.release()
      return nil
    }
    #if canImport(Darwin)
      guard let thread else { return nil }
    #endif
    self.thread = thread
  }

  /// Waits until the thread has returned.
  func join() { pthread_join(thread, nil) }

  private static func main(_ reference: Unmanaged<Start>) -> UnsafeMutableRawPointer? {
    let start = unsafe reference.takeRetainedValue()
    unsafe name_this_thread("xception-\(start.number)")
    #if canImport(Darwin)
      pthread_set_qos_class_self_np(QOS_CLASS_USER_INITIATED, 0)
    #endif
    unsafe start.worker.pointee.work(for: start.teams)
    return nil
  }

  @safe private final class Start {
    let worker: UnsafeMutablePointer<Worker>
    let teams: UnsafeMutableBufferPointer<Team>
    let number: Int

    init(worker: UnsafeMutablePointer<Worker>, teams: UnsafeMutableBufferPointer<Team>, number: Int) {
      unsafe self.worker = unsafe worker
      unsafe self.teams = unsafe teams
      self.number = number
    }
  }
}
