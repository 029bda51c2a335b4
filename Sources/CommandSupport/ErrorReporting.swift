package import ArgumentParser

#if canImport(Glibc)
  @unsafe @preconcurrency import Glibc
#elseif canImport(Musl)
  @unsafe @preconcurrency import Musl
#elseif canImport(Darwin)
  @unsafe @preconcurrency import Darwin
#endif

/// Runs a command, prints the error that ends it as `command: error` on standard error, and makes it exit with 1, or with 64
/// where the error is a `ValidationError`, as that of options that do not fit the model is.
///
/// What was printed must have arrived: output that could not be written is an error too.
package func reportingErrors(as command: String, _ body: () throws -> Void) throws(ExitCode) {
  do {
    try body()
    try finishOutput()
  } catch let code as ExitCode {
    throw code
  } catch {
    StandardError.print("\(command): \(error)")
    throw error is ValidationError ? .validationFailure : .failure
  }
}

/// Hands on what was printed so far, all of which must have arrived.
func finishOutput() throws {
  guard unsafe fflush(stdout) == 0, unsafe ferror(stdout) == 0 else {
    throw OutputError(reason: unsafe String(cString: strerror(errno)))
  }
}
