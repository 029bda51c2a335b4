#if os(Linux)
  import Foundation
  import Testing

  /// A user whom permissions hold, which they do not the superuser.
  enum OtherUser {
    /// Lines of a shell after which `$user ./c` runs the command in this folder.
    static func prepare(_ command: String) -> String {
      #"""
      chmod 755 .; user=; if [ "$(id -u)" = 0 ]; then user='setpriv --reuid 65534 --regid 65534 --clear-groups'; fi
      command=$(command -v \#(command)); ln "$command" c 2> /dev/null || cp "$command" c
      """#
    }

    static func canRun() throws -> Bool {
      let path = "\(Command.folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
      return try Command.shell(
        #"folder=$(mktemp -d); cd "$folder"; \#(prepare("xception-run")); $user ./c --version; status=$?; rm -r "$folder"; exit $status"#,
        environment: ["PATH": path]
      ).status == 0
    }
  }

  /// What becomes of the files that commands write beside what they print.
  extension FaultTests {
    /// Each writes the file that its last word names.
    static let outputs = [
      #"xception-run --model "$model" "$photo" --heatmap h.png"#,
      #"xception-run --model "$model" "$photo" --report r.html"#,
      #"xception-inspect evaluate "$model" truth --html e.html"#,
      #"xception-bench "$model" --runs 1 --trace t.json"#,
    ]
    private static let truth = #"mkdir -p truth/cat && cp "$photo" truth/cat"#

    private func name(of command: String) -> String { String(command.split(separator: " ").last!) }

    @Test(arguments: outputs) func `A file that does not become whole leaves the old one and no other`(command: String)
      throws
    {
      let name = name(of: command)
      let result = try run(
        """
        \(Self.truth); echo old > \(name); (ulimit -f 1; \(command) > /dev/null); echo $?; cat \(name)
        \(command) > /dev/null; echo $?; head -c 3 \(name) | od -c
        """)
      #expect(result.output.hasPrefix("1\nold\n0\n"), "\(result)")
      #expect(!result.output.contains("o   l   d"))
      #expect(result.errors.contains("\(name) cannot be written: File too large"), "\(result.errors)")
      #expect(try names == [name, "truth"].sorted())
    }

    @Test(arguments: outputs) func `A file that cannot be written is an error before the work`(command: String) throws {
      let name = name(of: command)
      // Were the model read first, it would be said of that.
      let result = try run("model=none.xcw; \(command.replacing(" \(name)", with: " none/\(name)"))")
      #expect(result.status == 1)
      #expect(result.errors.contains("none/\(name) cannot be written: No such file or directory"), "\(result.errors)")
      let folder = try run("model=none.xcw; mkdir \(name); \(command)")
      #expect(
        folder.status == 1 && folder.errors.contains("\(name) cannot be written: it is no regular file"),
        "\(folder.errors)")
    }

    @Test(arguments: ["INT", "TERM"]) func `A report that is ended leaves the old one and no other`(
      signal: String
    ) throws {
      // The command waits for the next name of its list. These tests block signals, and a shell lets what it runs meanwhile
      // ignore an interruption; both are undone.
      let result = try run(
        #"""
        echo old > r.html; mkfifo list
        python3 -c 'import os, signal, sys
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.execvp(sys.argv[1], sys.argv[1:])' xception-run --model "$model" --files-from list --report r.html > lines & process=$!
        exec 3> list; echo "$photo" >&3; until [ -s lines ]; do sleep 0.01; done
        kill -\#(signal) $process; wait $process; echo $?; cat r.html
        """#)
      #expect(
        result.lines.last == "old" && result.lines.first.flatMap { Int($0) }.map { $0 > 128 } == true, "\(result)")
      #expect(try names == ["lines", "list", "r.html"])
    }

    @Test func `A link leads to the file that is written, even if there is none yet, and stays`() throws {
      let result = try run(
        #"""
        mkdir pages; echo old > pages/old.html; ln -s old.html pages/link
        ln -s "$PWD/pages/link" a.html; ln -s pages/new.html b.html
        for page in a b; do xception-run --model "$model" "$photo" --report $page.html > /dev/null || exit; done
        test -L a.html && test -L b.html && test -L pages/link && tail -n 1 pages/old.html pages/new.html; ls pages
        """#)
      #expect(
        result.output.filter { $0 != "\n" }
          == "==> pages/old.html <==</html>==> pages/new.html <==</html>linknew.htmlold.html", "\(result)")
    }

    @Test(
      .enabled("the commands cannot be run as a user who may not write everywhere") { try OtherUser.canRun() },
      arguments: [
        "xception-convert k.keras locked/out.xcw", "xception-run --model ./m.xcw p.ppm --heatmap locked/h.png",
        "xception-run --model ./m.xcw p.ppm --report locked/r.html",
        "xception-run --model ./m.xcw p.ppm --output locked/r.jsonl",
      ])
    func `A folder that may not be written is an error, and what is in it stays`(command: String) throws {
      let words = command.split(separator: " ", maxSplits: 1).map(String.init)
      let result = try run(
        #"""
        \#(OtherUser.prepare(words[0])); cp "$keras" k.keras; cp "$model" m.xcw; cp "$photo" p.ppm; chmod 644 k.keras m.xcw p.ppm
        mkdir locked; chmod 555 locked; $user ./c \#(words[1]); echo $?; ls locked
        chmod 755 locked; echo old > \#(name(of: command)); chmod 444 locked/*; chmod 555 locked
        $user ./c \#(words[1]); echo $?; cat locked/*; ls locked | wc -l
        chmod 755 locked; rm c
        """#)
      #expect(result.output == "1\n1\nold\n1\n", "\(result)")
      #expect(result.errors.contains("Permission denied"), "\(result.errors)")
    }

    @Test func `A pipe and the standard streams get what is written to them`() throws {
      let result = try run(
        #"""
        xception-run --model "$model" "$photo" --heatmap h.png > plain
        mkfifo p.png; cat p.png > got & xception-run --model "$model" "$photo" --heatmap p.png > /dev/null
        wait; cmp h.png got && test -p p.png || exit
        ln -s /dev/stdout s.html; xception-run --model "$model" "$photo" --report s.html > printed
        test -L s.html && grep -c -e '^</html>' -e '^<!doctype html>' printed; grep -c -x -F -f plain printed
        xception-bench "$model" --runs 1 --trace /dev/stdout | cat > piped; grep -c traceEvents piped
        test -L /dev/stdout && test -c /dev/null && xception-bench "$model" --runs 1 --trace /dev/null > /dev/null && test -c /dev/null
        """#)
      #expect(result.status == 0 && result.output == "2\n5\n1\n", "\(result)")
    }
  }
#endif
