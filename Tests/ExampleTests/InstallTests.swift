import Foundation
import Testing

struct InstallTests {
  private static let commands = ["xception-run", "xception-convert", "xception-inspect", "xception-bench"]

  private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  /// What bash proposes after a command and the beginning of a file's name.
  private static let proposals = #"""
    cd "$(mktemp -d)"; touch 'a picture.png' a.xcw b.png; source "$0"; COMP_WORDS=("$1" a); COMP_CWORD=1; COMP_LINE="$1 a"
    COMP_POINT=${#COMP_LINE}; "$(complete -p "$1" | sed 's/.*-F \([^ ]*\).*/\1/')" "$1" a "$1"; printf '%s\n' "${COMPREPLY[@]}"
    """#

  @Test func `Examples/install.sh installs the commands, their man pages and completions`() throws {
    let prefix = FileManager.default.temporaryDirectory.appending(path: "install-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: prefix) }
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples/install.sh")
    let installed = try run("bash", [script.path, prefix.path, Command.folder.path])
    #expect(installed.status == 0, "\(installed.output)")
    for command in Self.commands {
      #expect(try run(prefix.appending(path: "bin/\(command)").path, ["--version"]).status == 0)
      let completion = prefix.appending(path: "share/bash-completion/completions/\(command)").path
      #expect(try run("bash", ["-n", completion]).status == 0)
      let registered = try run("bash", ["-c", "source '\(completion)' && complete -p \(command)"])
      #expect(
        registered.output.contains(command) && registered.output.contains("-o default"), "\(registered.output)")
      for path in ["share/zsh/site-functions/_\(command)", "share/fish/vendor_completions.d/\(command).fish"] {
        let text = try String(contentsOf: prefix.appending(path: path), encoding: .utf8)
        #expect(text.contains(command))
      }
      let proposals = try run("bash", ["-c", Self.proposals, completion, command, prefix.path])
      #expect(
        proposals.output.contains("a picture.png\n") == (command == "xception-run")
          && proposals.output.contains("a.xcw\n") == (command != "xception-inspect"), "\(command): \(proposals.output)")
      let page = try String(contentsOf: prefix.appending(path: "share/man/man1/\(command).1"), encoding: .utf8)
      #expect(page.hasPrefix(".TH"))
      #expect(page.contains("\\fB\\-\\-threads\\fR") || command == "xception-convert")
    }
    let page = try String(contentsOf: prefix.appending(path: "share/man/man1/xception-run.1"), encoding: .utf8)
    for option in ["files\\-from", "output", "resume", "plain", "heatmap", "report", "class", "output\\-layer"] {
      #expect(page.contains("\\fB\\-\\-\(option)\\fR"))
    }
  }

  @Test func `Names of installed models are proposed for --model, and weights files and folders`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let result = try Command.shell(
      #"""
      cd "$folder"; mkdir -p caches/xception-runtime work/kit; touch caches/xception-runtime/ki{tchen,te}.xcw work/{kim.xcw,kim.png,kit/a.xcw}
      [ "$(uname)" != Darwin ] || { mkdir -p Library/Caches; mv caches/xception-runtime Library/Caches; }
      cd work; source <(xception-run --generate-completion-script bash)
      for word in ki kit/; do
        COMP_WORDS=(xception-run --model "$word"); COMP_CWORD=2; COMP_LINE="xception-run --model $word"
        COMP_POINT=${#COMP_LINE}; COMPREPLY=(); _xception-run xception-run "$word" --model; echo "${COMPREPLY[@]}"
      done
      """#,
      environment: [
        "PATH": "\(Command.folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "folder": folder.path,
        "HOME": folder.path, "XDG_CACHE_HOME": folder.path + "/caches",
      ])
    #expect(result.lines == ["kitchen kite kim.xcw kit/", "kit/a.xcw"], "\(result.errors)")
  }

  /// What a program that reads an installed file says of it.
  ///
  /// - Parameters:
  ///   - check: A line of the shell.
  ///   - file: Of a command.
  private func expectNothingWrong(_ check: String, in file: (String) -> String) throws {
    let prefix = FileManager.default.temporaryDirectory.appending(path: "install-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: prefix) }
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples/install.sh")
    try #require(run("bash", [script.path, prefix.path, Command.folder.path]).status == 0)
    for command in Self.commands {
      let result = try Command.shell("\(check) '\(prefix.appending(path: file(command)).path)' >/dev/null")
      #expect(result.status == 0 && result.errors.isEmpty, "\(command): \(result.errors)")
    }
  }

  private static func hasProgram(_ name: String) throws -> Bool {
    try Command.shell("command -v \(name)").status == 0
  }

  @Test(.enabled("zsh is not installed") { try hasProgram("zsh") })
  func `zsh finds nothing wrong in its completions`() throws {
    try expectNothingWrong("zsh -n") { "share/zsh/site-functions/_\($0)" }
  }

  @Test(.enabled("fish is not installed") { try hasProgram("fish") })
  func `fish finds nothing wrong in its completions`() throws {
    try expectNothingWrong("fish --no-execute") { "share/fish/vendor_completions.d/\($0).fish" }
  }

  @Test(.enabled("man or groff is not installed") { try hasProgram("man") && hasProgram("groff") })
  func `man finds nothing wrong in the man pages`() throws {
    try expectNothingWrong("LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings=w -E UTF-8 -l -Tutf8 -Z") {
      "share/man/man1/\($0).1"
    }
  }

  @Test func `Examples/install.sh says what is wrong`() throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples/install.sh")
    #expect(try run("bash", [script.path]).output.contains("expected install.sh PREFIX"))
    let empty = FileManager.default.temporaryDirectory.appending(path: "empty-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: empty) }
    let result = try run("bash", [script.path, empty, empty])
    #expect(result.status == 1)
    #expect(result.output.contains("there is no xception-run"))
  }
}
