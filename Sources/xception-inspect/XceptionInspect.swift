import ArgumentParser
import CommandSupport
import ModelGraph

@main
struct XceptionInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-inspect",
    abstract: "Shows what is in a weights file, compares two, or measures how good they are.",
    discussion: """
      xception-inspect FILE is short for xception-inspect show FILE.

      The exit code is 0 if all is well, 1 if a file is not valid or fails its check, 64 for wrong usage.
      """,
    version: runtimeVersion, subcommands: [Show.self, Compare.self, Evaluate.self], defaultSubcommand: Show.self)

  static func main() { runAndExit(joinsNames: CommandArguments.ofProcess.first == Evaluate._commandName) }
}
