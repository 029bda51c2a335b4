#if os(Linux)
  import Architectures
  import Files
  import Foundation
  import ModelGraph
  import SmallModel
  import TestSupport
  import Testing
  import WeightFormat

  /// What `xception-run` and `xception-convert` keep in the cache folder. The scripts find the commands in their path, `$model`
  /// and `$photo`; the cache is in `cache` beside them.
  struct WeightCacheCommandTests {
    /// A weights file of 4 MB, large enough to be kept, which a change from now on is sure to change the times of.
    private static let model = Result {
      var network = XceptionNetwork()
      network.input = .map(height: 71, width: 71, channels: 3)
      network.widthDivisor = 4
      network.top = .classifier(.init(classes: SmallModel.labels.count, output: .softmax))
      var weights = RandomWeights(seed: 1)
      let metadata = Metadata(
        architecture: "Xception", preprocessing: .keras, labels: SmallModel.labels, output: .classProbabilities,
        converter: "tests")
      let model = Model(graph: try network.graph { weights.tensor($0, $1, $2) }, metadata: metadata)
      let file = try SmallModel.shared.get().folder.appending(path: "quarter.xcw")
      try WeightFile.write(model, to: file.path)
      while try !FileStatus(of: file.path).identity.isSettled { usleep(50_000) }
      return file
    }

    private let folder: URL

    init() throws {
      folder = FileManager.default.temporaryDirectory.appending(path: "commands-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func run(_ script: String, environment: [String: String] = [:]) throws -> Command.Result {
      let variables = [
        "PATH": "\(Command.folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")",
        "model": try Self.model.get().path, "photo": try SmallModel.shared.get().photos[0].path,
        "XDG_CACHE_HOME": folder.path + "/cache", "XCEPTION_CACHE_LIMIT": "",
      ]
      return try Command.shell(
        "cd '\(folder.path)' && \(script)", environment: variables.merging(environment) { $1 })
    }

    private static let command = #"xception-run --model "$model" "$photo" --json --features"#

    /// What is the same of every run.
    private func answers(_ result: Command.Result) throws -> [[Float]] {
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
      return try Line.all(result).map { try #require($0.features) + #require($0.predictions).map(\.probability) }
    }

    /// Of the cache folder.
    private var names: [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache/xception-runtime/packed")) ?? []
    }

    @Test(arguments: ["fp32", "bf16", "int8"])
    func `The second run starts from what the first one kept, and prints the same`(precision: String) throws {
      let command = Self.command + " --precision \(precision)"
      let first = try answers(run(command))
      #expect(names.count == 1)
      #expect(try answers(run(command)) == first)
      let timed = try run(command + " --timings")
      #expect(timed.errors.contains("map the packed weights") && !timed.errors.contains("inflate"))
      #expect(try answers(run(command + " --no-cache")) == first)
      #expect(names.count == 1)
    }

    /// Into a pipe that is full, the command can print nothing until somebody reads: if it kept the weights first, they would
    /// be there by then, as it is waited for longer than a whole run takes.
    @Test func `The answer is printed before the weights are kept`() throws {
      let result = try run(
        #"""
        start=$(date +%s%N); XDG_CACHE_HOME=$PWD/first xception-run --model "$model" "$photo" > /dev/null
        wait=$(awk -v t=$(($(date +%s%N) - start)) 'BEGIN { print 1 + 3e-9 * t }')
        kept() { ls "$1/xception-runtime/packed" 2> /dev/null | wc -l; }
        kept first
        mkfifo pipe; exec 3<> pipe; dd if=/dev/zero of=pipe bs=4096 oflag=nonblock 2> /dev/null
        xception-run --model "$model" "$photo" > pipe 3>&- & process=$!
        sleep $wait; kept cache; kill -0 $process && echo waits
        cat pipe 3>&- > read & reader=$!
        wait $process; kept cache
        exec 3>&-; wait $reader; tr -d '\0' < read
        """#)
      #expect(result.lines.prefix(4) == ["1", "0", "waits", "1"], "\(result)")
      #expect(result.lines.dropFirst(4).contains { $0.contains("%") }, "\(result)")
    }

    @Test func `The times of a run tell how its weights were made ready, and what keeping them took`() throws {
      let command = #"xception-run --model "$model" "$photo" --timings"#
      let (first, second) = (try run(command), try run(command))
      let names = [
        "start the process", "open the model", "optimize the graph", "inflate and pack the weights", "decode",
        "preprocess", "inference", "keep the packed weights", "free the memory", "all since the start of the process",
      ]
      #expect(TimingsTests.lines(first.errors).map(\.name) == names, "\(first.errors)")
      let cached = names.compactMap { name in
        name == "keep the packed weights" ? nil : name.contains("pack the weights") ? "map the packed weights" : name
      }
      #expect(TimingsTests.lines(second.errors).map(\.name) == cached, "\(second.errors)")
      #expect(first.output == second.output)
      for result in [first, second] {
        let times = TimingsTests.lines(result.errors).map(\.milliseconds)
        #expect(times.dropLast().reduce(0, +) <= (times.last ?? 0) + 0.5)
      }
    }

    @Test func `With --no-cache, or a limit of 0, nothing is kept and nothing is used`() throws {
      _ = try answers(run(Self.command + " --no-cache"))
      _ = try answers(run("XCEPTION_CACHE_LIMIT=0 \(Self.command)"))
      #expect(names.isEmpty)
      _ = try answers(run(Self.command))
      #expect(names.count == 1)
      let timed = try run("\(Self.command) --no-cache --timings")
      #expect(timed.errors.contains("inflate and pack the weights") && !timed.errors.contains("keep"))
    }

    @Test func `A limit is kept to, with units, and what is none is an error`() throws {
      _ = try answers(run("XCEPTION_CACHE_LIMIT=1m \(Self.command)"))
      #expect(names.isEmpty)
      _ = try answers(run("XCEPTION_CACHE_LIMIT=10M \(Self.command)"))
      _ = try answers(run("XCEPTION_CACHE_LIMIT=8000K \(Self.command) --isa portable"))
      #expect(names.count == 1)
      for limit in ["x", "-1", "2 G", "9999999999T", "M", "1.5G"] {
        let result = try run("XCEPTION_CACHE_LIMIT='\(limit)' \(Self.command)")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains("XCEPTION_CACHE_LIMIT is \(limit), expected a number of bytes"))
      }
    }

    @Test(arguments: [
      "env -u HOME -u XDG_CACHE_HOME", "env XDG_CACHE_HOME=relative", "env XDG_CACHE_HOME=/dev/null",
      "env XDG_CACHE_HOME=/proc", "bash -c 'ulimit -f 100; \"$@\"' -",
    ])
    func `Where it cannot be kept, the answers are the same and not a word is said`(surroundings: String) throws {
      let expected = try answers(run(Self.command + " --no-cache"))
      #expect(try answers(run("\(surroundings) \(Self.command)")) == expected)
      #expect(names.isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0 == "cache" })
    }

    @Test(.enabled("the command cannot be run as a user who may not write everywhere") { try OtherUser.canRun() })
    func `A folder that may not be written is left alone, and what is in it is used`() throws {
      let result = try run(
        #"""
        \#(OtherUser.prepare("xception-run")); cp "$model" model.xcw; cp "$photo" p.ppm; chmod 755 *.xcw *.ppm
        sleep 3.1
        mkdir cache; if [ "$user" ]; then chown 65534 cache; fi
        run() { $user ./c --model ./model.xcw p.ppm --json --features --timings "$@"; }
        run && chmod 555 cache/xception-runtime/packed && run && run --precision int8 && ls cache/xception-runtime/packed | wc -l
        chmod 755 cache/xception-runtime/packed; rm c
        """#)
      #expect(result.lines.count == 4 && result.lines.last == "1", "\(result.errors)")
      #expect(result.errors.matches(of: /map the packed weights/).count == 1)
    }

    @Test(
      .enabled("a disk cannot be mounted") { try Command.shell("unshare --mount mount -t tmpfs none /tmp").status == 0 }
    )
    func `A disk that is full is no error, and nothing is left on it`() throws {
      let result = try run(
        #"""
        mkdir cache
        unshare --mount bash -c 'mount -t tmpfs -o size=1m none cache && '"$command"' && find cache -type f | wc -l'
        """#, environment: ["command": Self.command])
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
      #expect(result.lines.count == 2 && result.lines.last == "0")
    }

    @Test func `Runs that start at once, without anything kept, print the same whole lines and keep one file`() throws {
      let result = try run("for i in 1 2 3 4 5 6; do \(Self.command) >> lines & done; wait; cat lines")
      let found = try answers(result)
      #expect(found.count == 6 && Set(found).count == 1)
      #expect(names.count == 1)
      #expect(Set(try answers(run(Self.command))) == Set(found))
    }

    @Test func `What xception-convert keeps for this machine is what the first run starts from`() throws {
      let result = try run(
        #"""
        xception-convert "$model" new.xcw --quantize int8 --for-this-machine --quiet &&
        xception-run --model ./new.xcw "$photo" --timings
        """#)
      #expect(result.status == 0)
      #expect(result.errors.contains("map the packed weights"), "\(result.errors)")
      let refused = try run(
        #"XDG_CACHE_HOME=/dev/null xception-convert "$model" other.xcw --for-this-machine --quiet && ls other.xcw"#)
      #expect(refused.status == 0)
      #expect(refused.errors.contains("xception-convert: the packed weights are not kept: "))
    }

    @Test func `Eight processes take the memory of the weights once`() throws {
      // Each waits for the next name of its list, so that all are there while their memory is counted.
      let result = try run(
        #"""
        \#(Self.command) > /dev/null
        proportional() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
        resident() { awk '/^Rss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
        for i in 1 2 3 4 5 6 7 8; do
          mkfifo "list$i"
          xception-run --model "$model" --files-from "list$i" > "out$i" & pids+=($!)
          exec {end}> "list$i"; ends+=($end); echo "$photo" >&$end
        done
        for i in 1 2 3 4 5 6 7 8; do until [ -s "out$i" ]; do sleep 0.05; done; done
        for pid in "${pids[@]}"; do proportional $pid; done
        resident ${pids[0]}
        grep -A 20 packed "/proc/${pids[0]}/smaps" | awk '/^Rss:/ { print $2; exit }'
        for end in "${ends[@]}"; do exec {end}>&-; done; wait
        """#)
      let kilobytes = result.lines.compactMap { Int($0) }
      try #require(kilobytes.count == 10, "\(result.output) \(result.errors)")
      let (all, one, weights) = (kilobytes.prefix(8).reduce(0, +), kilobytes[8], kilobytes[9])
      #expect(weights > 4000)
      // The code is shared as well; without the weights' sharing it would be more by seven times them.
      #expect(all < 8 * one - 7 * weights)
    }
  }
#endif
