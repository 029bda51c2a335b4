#if os(Linux)
  import Foundation
  import SmallModel
  import Testing
  import WeightFormat

  /// What a command does where the system, its surroundings or whoever names its files are not kind to it.
  ///
  /// The names and limits of these tests are a shell's: each runs a script, in a folder of its own, that finds the commands in its
  /// path, `$model`, `$photo` and `$keras`.
  @Suite struct FaultTests {
    let model: SmallModel
    let folder: URL
    private static let keras = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../ModelImportTests/Fixtures/sequential.keras").standardized.path

    init() throws {
      model = try SmallModel.shared.get()
      folder = FileManager.default.temporaryDirectory.appending(path: "faults-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func run(_ script: String, environment: [String: String] = [:]) throws -> Command.Result {
      let variables = [
        "PATH": "\(Command.folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "model": model.file.path,
        "photo": model.photos[0].path, "keras": Self.keras,
      ]
      return try Command.shell(
        "cd '\(folder.path)' && \(script)", environment: variables.merging(environment) { $1 })
    }

    var names: [String] {
      get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    // MARK: Names

    @Test func `A picture whose name is not UTF-8 is read, and its name shown in hexadecimal`() throws {
      let result = try run(
        #"cp "$photo" $'a\xffb.ppm' && xception-run --model "$model" --top 1 --json $'a\xffb.ppm' $'a\xfeb.ppm'"#)
      #expect(result.status == 1)
      let lines = try Line.all(result)
      #expect(lines.map(\.image) == [#"a\xffb.ppm"#, #"a\xfeb.ppm"#])
      #expect(lines[0].predictions?.count == 1)
      #expect(result.errors.contains(#"a\xfeb.ppm: No such file"#))
    }

    @Test func `The file that is written has the name that was given, byte for byte`() throws {
      let result = try run(
        #"""
        cp "$keras" $'in\xff\x1b\\.keras' && xception-convert $'in\xff\x1b\\.keras' $'out\xfe.xcw' --quiet &&
        test -f $'out\xfe.xcw' && test "$(ls | wc -l)" = 2 && xception-inspect $'out\xfe.xcw'
        """#)
      #expect(result.status == 0, "\(result.errors)")
      // A weights file holds the name as far as it is text.
      #expect(result.output.contains("in\u{fffd}\u{fffd}\u{fffd}.keras"))
    }

    @Test func `XCEPTION_MODEL may name a file whose name is not UTF-8`() throws {
      let result = try run(#"cp "$model" $'m\xff' && XCEPTION_MODEL=$'m\xff' xception-run "$photo""#)
      #expect(result.status == 0, "\(result.errors)")
    }

    @Test func `What controls a terminal never gets to one`() throws {
      let name = #"$'x\e[31m\xc2\x9b\r\ny'"#
      let commands = [
        "xception-run --model \(name) \(name)", #"xception-run --model "$model" \#(name)"#,
        #"xception-run --json --model "$model" \#(name)"#, "xception-run --isa \(name) \"$photo\"",
        "xception-run -\(name) \"$photo\"", "xception-run --top \(name) \"$photo\"",
        #"cp "$photo" \#(name); xception-run --model "$model" \#(name) \#(name)"#,
        "xception-convert \(name) out.xcw", #"cp "$keras" \#(name); xception-convert \#(name) out.xcw"#,
        #"xception-convert "$keras" \#(name)/out.xcw"#, #"xception-convert "$keras" out.xcw --labels \#(name)"#,
        "xception-inspect \(name)", "xception-inspect compare \(name) \(name) --images \(name)",
        "xception-bench \(name)", #"xception-bench "$model" --runs 1 --trace \#(name)/\#(name)"#,
      ]
      for command in commands {
        let result = try run("rm -f x*; \(command)")
        let scalars = (result.output + result.errors).unicodeScalars
        let control = scalars.first { $0 != "\n" && $0.properties.generalCategory == .control }
        #expect(control == nil, "\(command)")
        #expect(!scalars.isEmpty, "\(command)")
      }
    }

    // MARK: Streams

    @Test(arguments: [
      "xception-run --help", "xception-run --version", #"xception-run --model "$model" "$photo""#,
      #"xception-run --json --model "$model" "$photo""#, "xception-convert --help", #"xception-inspect "$model""#,
      #"xception-inspect "$model" --json"#, #"xception-bench "$model" --runs 1"#,
    ])
    func `Output that cannot be written is an error`(command: String) throws {
      for (stream, reason) in [("> /dev/full", "No space left"), (">&-", "Bad file descriptor")] {
        let result = try run("\(command) \(stream)")
        #expect(result.status == 1, "\(command) \(stream)")
        #expect(result.errors.contains("cannot write the output: \(reason)"), "\(command) \(stream): \(result.errors)")
      }
    }

    @Test func `A file does not get what is printed where a standard stream is closed`() throws {
      let converted = try run(#"xception-convert "$keras" a.xcw --quiet"#)
      #expect(converted.status == 0)
      for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let result = try run(
          #"xception-convert "$keras" b.xcw \#(closed); cmp a.xcw b.xcw && xception-run --model b.xcw none.jpg \#(closed)"#
        )
        #expect(result.status == 1, "\(closed)")
        #expect(!result.errors.contains("differ"), "\(closed)")
      }
      #expect(try run(#"xception-run --model "$model" - <&-"#).errors.contains("Bad file descriptor"))
    }

    @Test func `A reader that goes away ends a command without a word`() throws {
      let result = try run(
        #"yes "$photo" | head -300 | xargs xception-run --json --model "$model" | head -1 > first; echo "${PIPESTATUS[@]}""#
      )
      #expect(result.errors.allSatisfy { $0.isNewline } || result.errors.contains("signal 13"), "\(result.errors)")
      #expect(try String(contentsOf: folder.appending(path: "first"), encoding: .utf8).hasPrefix("{"))
    }

    // MARK: Limits

    // What is not optimized needs twice the stack.
    @Test(arguments: [
      "ulimit -n 5", "ulimit -n 6", "ulimit -n 12", "ulimit -s $([ -n \"$XCEPTION_BIN\" ] && echo 64 || echo 128)",
      "ulimit -u 1",
      "unset HOME XDG_CACHE_HOME",
      "taskset -cp $(taskset -cp $$ | sed 's/.*: //; s/[,-].*//') $$ > /dev/null",
    ])
    func `A command answers the same, or says what it lacks`(limit: String) throws {
      let normal = try run(#"xception-run --model "$model" --top 1 "$photo""#)
      #expect(normal.status == 0)
      let result = try run(#"\#(limit); xception-run --model "$model" --top 1 "$photo""#)
      let written = try run(#"\#(limit); xception-convert "$keras" out.xcw --quiet"#)
      // Too few descriptors or processes or too small a stack may be an error; the rest must make no difference.
      let mayFail = limit.contains("ulimit")
      #expect(
        result.status == 0 && result.output == normal.output
          || mayFail && result.status == 1 && !result.errors.isEmpty, "\(result)")
      #expect(written.status == 0 || mayFail && written.status == 1 && !written.errors.isEmpty, "\(written)")
    }

    /// Makes `$group`, a control group of either version that may use half a processor; only root can, outside a container.
    private static let quota = #"""
      top=/sys/fs/cgroup; [ -d $top/cpu ] && top=$top/cpu
      group=$top/xception-quota-$$
      mkdir $group && trap 'rmdir $group' EXIT &&
        if [ $top = /sys/fs/cgroup ]; then echo '50000 100000' > $group/cpu.max; else echo 50000 > $group/cpu.cfs_quota_us; fi
      """#

    @Test(
      .enabled("no control group can be made here") {
        try ProcessInfo.processInfo.activeProcessorCount > 1 && Command.shell("{ \(quota); } 2> /dev/null").status == 0
      })
    func `A quota of processor time is how many threads there are`() throws {
      let result = try run(
        #"""
        \#(Self.quota) || exit
        sh -c "echo \$\$ > $group/cgroup.procs"' && exec xception-bench "$model" --runs 2 --json'
        """#)
      #expect(result.status == 0 && result.output.contains(#""threads":1,"#), "\(result)")
    }

    /// From too little for the first allocation of a file's size to enough for all, in 40 steps.
    @Test(arguments: [
      #"xception-run --model "$model" --threads 2 --top 1 "$photo""#, #"xception-convert "$keras" out.xcw --quiet"#,
      #"xception-inspect "$model" --verify"#,
    ])
    func `Memory that the system refuses, at any place, is an error`(command: String) throws {
      let result = try run(
        #"""
        for v in $(seq 20000 4000 180000); do
          # Where the system cannot even start the command, it has no say.
          if ! (ulimit -v $v; \#(command.prefix { $0 != " " }) --version) > output 2>&1; then continue; fi
          (ulimit -v $v; \#(command)) > output 2> errors; status=$?
          echo "$v $status $(grep -c 'xception-' errors)"
        done
        """#)
      let lines = result.lines.map { $0.split(separator: " ").map(String.init) }
      #expect(!lines.isEmpty)
      for line in lines {
        #expect(line[1] == "0" || line[1] == "1" && line[2] != "0", "\(line): \(result.errors)")
      }
    }

    @Test(.enabled("there is no C compiler") { try Command.shell("command -v clang || command -v cc").status == 0 })
    func `A folder that cannot be read to its end is a failure, and what follows it is classified`() throws {
      let source = try #require(Bundle.module.url(forResource: "Fixtures/failing_readdir", withExtension: "c")).path
      let result = try run(
        #"""
        $(command -v clang || command -v cc) -shared -fPIC '\#(source)' -o failing.so -ldl || exit
        mkdir -p a/bad z; for file in a/bad/1 a/bad/2 z/3; do cp "$photo" $file.ppm; done
        LD_PRELOAD=./failing.so xception-run --model "$model" --threads 2 --json a z
        """#)
      #expect(result.status == 1)
      let lines = try Line.all(result)
      #expect(lines.count >= 2 && lines.last?.image == "z/3.ppm" && lines.last?.error == nil, "\(result.output)")
      let failed = lines.filter { $0.error != nil }
      #expect(failed.map(\.image) == ["a/bad"])
      #expect(failed.first?.error?.contains("cannot read the folder to its end: Input/output error") == true)
    }

    /// One allocation in a hundred places is refused, alone or with all that come after it; with the environment variable
    /// XCEPTION_REFUSED_PLACES in more, or `all` in each, which takes an hour.
    @Test(
      .enabled("there is no C compiler") { try Command.shell("command -v clang || command -v cc").status == 0 },
      arguments: [
        #"xception-run --model "$model" --threads 2 --top 1 "$photo""#, #"xception-convert "$keras" out.xcw --quiet"#,
      ], ["", "+"])
    func `An allocation that fails is an error`(command: String, after: String) throws {
      let source = try #require(Bundle.module.url(forResource: "Fixtures/failing_allocator", withExtension: "c")).path
      let result = try run(
        #"""
        $(command -v clang || command -v cc) -shared -fPIC '\#(source)' -o failing.so -ldl || exit
        refusing() { FAILING_ALLOCATION=$1 LD_PRELOAD=./failing.so \#(command); }
        COUNTED_ALLOCATIONS=count refusing 0 > whole 2> errors || exit
        count=$(cat count); places=${XCEPTION_REFUSED_PLACES:-100}
        if [ $places = all ] || [ $places -gt $count ]; then places=$count; fi
        echo $places
        for place in $(seq 1 $places); do
          refusing $(((count * place + places - 1) / places))\#(after) > output 2> errors; status=$?
          cmp -s output whole; same=$?
          echo "$place $status $same $(wc -c < errors)"
        done
        """#)
      let lines = result.lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
      #expect(lines.count >= 100 && lines.count == result.lines.first.flatMap { Int($0) }, "\(result.errors)")
      for line in lines {
        #expect(line[1] == "0" && line[2] == "0" || line[1] == "1" && line[3] != "0", "\(line): \(result.errors)")
      }
      #expect(lines.contains { $0[1] == "1" })
    }

    @Test func `A limit of the length of files is an error, and leaves the old file and no other`() throws {
      let result = try run(
        #"echo old > out.xcw; ulimit -f 1; xception-convert "$model" out.xcw --quiet; echo $?; cat out.xcw"#)
      #expect(result.output == "1\nold\n")
      #expect(result.errors.contains("File too large"))
      #expect(try names == ["out.xcw"])
    }

    // MARK: Kills

    /// The moments are spread over the time that a whole run takes on this machine as busy as it is.
    @Test func `Killed at 100 random moments, a conversion leaves the old file or the new one, whole`() throws {
      let result = try run(
        #"""
        xception-convert "$model" old.xcw --quiet --license old && xception-convert "$model" new.xcw --quiet --license new
        cp old.xcw out.xcw; start=$(date +%s%N); xception-convert "$model" timed.xcw --quiet; end=$(date +%s%N)
        for i in $(seq 100); do
          version=new; if cmp -s out.xcw new.xcw; then version=old; fi
          xception-convert "$model" out.xcw --quiet --license $version & process=$!
          sleep $(awk -v t=$((end - start)) -v s=$RANDOM 'BEGIN { print t * 1e-9 * 1.2 * s / 32768 }')
          kill -9 $process 2> /dev/null; wait $process 2> /dev/null
          cmp -s out.xcw old.xcw || cmp -s out.xcw new.xcw || { echo "moment $i"; exit 1; }
        done
        xception-convert "$model" out.xcw --quiet --license new && cmp out.xcw new.xcw && ls
        """#)
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(result.output == "new.xcw\nold.xcw\nout.xcw\ntimed.xcw\n")
    }

    /// Each 25 times, at moments that are spread over the time that a whole run takes.
    @Test(
      arguments: [
        "truncate -s $((RANDOM * size / 32768)) m.xcw", "cat other.xcw > m.xcw",
        "dd if=other.xcw of=m.xcw conv=notrunc status=none",
        "dd if=/dev/zero of=m.xcw conv=notrunc status=none bs=$size count=1", "mv other-name.xcw m.xcw",
      ], ["", "--stored"])
    func `A weights file that changes while it is loaded gives an error or a right answer`(
      change: String, profile: String
    ) throws {
      try WeightFile.write(SmallModel.model(classes: 6, labels: []), to: folder.appending(path: "six.xcw").path)
      let result = try run(
        #"""
        xception-convert "$model" old.xcw --quiet \#(profile) && xception-convert six.xcw other.xcw --quiet \#(profile) || exit
        size=$(stat -c %s old.xcw); classify() { xception-run --model ./$1 --top 0 "$photo"; }
        classify other.xcw > new; start=$(date +%s%N); classify old.xcw > old; end=$(date +%s%N)
        for i in $(seq 25); do
          cp old.xcw m.xcw; cp other.xcw other-name.xcw
          classify m.xcw > output 2> errors & process=$!
          sleep $(awk -v t=$((end - start)) -v s=$RANDOM 'BEGIN { print t * 1e-9 * s / 32768 }'); \#(change)
          wait $process; status=$?
          if [ $status = 0 ] && { cmp -s output old || cmp -s output new; }; then echo right
          elif [ $status = 1 ] && [ -s errors ]; then echo error
          else echo "$status"; cat output errors; fi
        done
        """#)
      #expect(result.lines.count == 25 && result.lines.allSatisfy { $0 == "right" || $0 == "error" }, "\(result)")
    }

    // MARK: Pipes

    @Test func `A pipe that nobody writes to is refused where a model, weights or labels are expected`() throws {
      for command in [
        #"xception-run --model pipe "$photo""#, "xception-inspect pipe", "xception-convert pipe out.xcw",
        #"xception-convert "$keras" out.xcw --labels pipe"#, #"xception-convert "$keras" pipe"#,
        #"xception-inspect compare pipe "$model" --images ."#, "xception-bench pipe",
        #"xception-inspect evaluate "$model" pipe"#, #"xception-inspect evaluate "$model" . --weights pipe"#,
      ] {
        let result = try run("rm -f pipe; mkfifo pipe; timeout 300 \(command)")
        #expect(result.status == 1, "\(command)")
        #expect(!result.errors.isEmpty, "\(command)")
      }
    }

    @Test func `Pictures and labels are read from pipes`() throws {
      let result = try run(
        #"""
        mkfifo pipe; (cat "$photo" > pipe &); xception-run --model "$model" --top 1 pipe <(cat "$photo") "$photo" &&
        xception-convert "$keras" out.xcw --quiet --labels <(printf 'yes\nno\n') && xception-inspect out.xcw
        """#)
      #expect(result.status == 0, "\(result.errors)")
      let answers = result.lines.filter { $0.contains("%") }
      #expect(answers.count == 3 && Set(answers).count == 1)
      #expect(result.output.contains("yes, no"))
    }

    // MARK: Before the work

    @Test func `A text that a weights file cannot hold is refused before the model is read`() throws {
      // Were it read first, this would be said of the file.
      let bad = #"echo none > none.keras; xception-convert none.keras out.xcw"#
      // Labels may be a file's, which is not wrong usage.
      for (option, reason, status) in [
        ("--license $'\\e'", "license", 64), ("--attribution $'\\x7f'", "attribution", 64),
        ("--labels $'a\\e,b'", "label 0", 1),
      ] {
        let result = try run("\(bad) \(option)")
        #expect(result.status == status)
        #expect(result.errors.contains(reason) && result.errors.contains("control character"), "\(result.errors)")
      }
    }
  }
#endif
