package import ArgumentParser
internal import CSystem
internal import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension ParsableCommand {
  /// Runs the command with this process's arguments, whose bytes need not be UTF-8, and exits.
  ///
  /// What happens to a process is reported as `prepare_command` says. What controls a terminal is escaped in what is said of wrong arguments, and help that cannot be written is an error.
  ///
  /// - Parameter joinsNames: Whether names that follow each other reach the parser as one argument, as
  ///   `CommandArguments.joined` makes it; the command takes them apart again when it validates.
  package static func runAndExit(joinsNames: Bool = false) -> Never {
    unsafe prepare_command(_commandName)
    do {
      let arguments = CommandArguments.ofProcess
      guard joinsNames || arguments.count <= CommandArguments.limit else {
        throw ValidationError("\(arguments.count) arguments, expected \(CommandArguments.limit) at most")
      }
      var command = try parseAsRoot(joinsNames ? CommandArguments.joined(arguments) : arguments)
      try command.run()
      end(EXIT_SUCCESS)
    } catch {
      end(report(error).rawValue)
    }
  }

  /// Prints what ends the command: help that was asked for, or an error.
  private static func report(_ error: any Error) -> ExitCode {
    let message = fullMessage(for: error).printableLines
    let code = exitCode(for: error)
    guard code.isSuccess else {
      if !message.isEmpty { StandardError.print(message) }
      return code
    }
    print(message)
    do {
      try finishOutput()
      return code
    } catch {
      StandardError.print("\(_commandName): \(error)")
      return .failure
    }
  }
}

/// In a command `exit` is a method.
private func end(_ code: CInt) -> Never { exit(code) }

/// The arguments of this process.
package enum CommandArguments {
  /// How many a command takes that does not join names: the parser takes 0.4 s for them, and 26 s for 20,000.
  static let limit = 2048

  /// All but the command's own name, as `FileName` makes strings of them.
  package static var ofProcess: [String] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { index in
      unsafe CommandLine.unsafeArgv[index].map { unsafe FileName.string(cString: $0) }
    }
  }

  /// Joins names that follow each other, with zeros between them, which no argument contains.
  ///
  /// The parser's time grows with the square of the number of arguments: 42 s for 40,000 of them. The first of a row stays
  /// alone, for it may be the value of the option before it.
  static func joined(_ arguments: [String]) -> [String] {
    // What shells ask for proposals with; it has the words of their line.
    if arguments.first == "---completion" { return arguments }
    var rows: [[String]] = []
    /// How many names there were since the last option.
    var names = 0
    for argument in arguments {
      names = argument.utf8.first == UInt8(ascii: "-") ? 0 : names + 1
      if names > 2 { rows[rows.count - 1].append(argument) } else { rows.append([argument]) }
    }
    return rows.map { $0.joined(separator: "\0") }
  }

  /// The names that `joined` joined.
  package static func separated(_ arguments: [String]) -> [String] {
    arguments.flatMap { argument in
      argument.utf8.split(separator: 0, omittingEmptySubsequences: false).map { String(Substring($0)) }
    }
  }
}

/// A variable of the environment that names a file; nil where it is not set or empty.
package func fileNameInEnvironment(_ variable: String) -> String? {
  guard let value = unsafe getenv(variable) else { return nil }
  let name = unsafe FileName.string(cString: value)
  return name.isEmpty ? nil : name
}
