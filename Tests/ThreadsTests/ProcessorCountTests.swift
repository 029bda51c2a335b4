import CTestSupport
import Foundation
import Testing

@testable import Threads

@Suite struct ProcessorCountTests {
  @Test func `There is a processor`() {
    #expect(ProcessorCount.available >= 1)
    #expect(ProcessorCount.available <= ProcessorCount.allowed)
  }

  @Test func `The tightest quota on the way up counts, rounded up to whole processors`() throws {
    let files = try FakeFiles([
      "proc/self/cgroup": "0::/a/b/c\n",
      "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
      "sys/fs/cgroup/a/cpu.max": "250000 100000\n",
      "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
      "sys/fs/cgroup/a/b/c/cpu.max": "800000 100000\n",
    ])
    #expect(files.group.processorLimit == 3)
  }

  @Test func `A container sees its own group as the top`() throws {
    let files = try FakeFiles([
      "proc/self/cgroup": "12:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n",
      "proc/self/mountinfo":
        "40 30 0:35 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
        + "41 30 0:36 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    ])
    #expect(files.group.processorLimit == 2)
  }

  @Test(arguments: ["max 100000", "", "-1 100000", "100000", "100000 0", "1e5 1e5", "99999999999999999999 1"])
  func `What is no quota is no limit`(contents: String) throws {
    let files = try FakeFiles([
      "proc/self/cgroup": "0::/\n",
      "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
      "sys/fs/cgroup/cpu.max": contents,
    ])
    #expect(files.group.processorLimit == nil)
  }

  @Test func `A version 1 quota of -1 and unreadable files are no limit`() throws {
    let files = try FakeFiles([
      "proc/self/cgroup": "4:cpu:/\nnonsense\n",
      "proc/self/mountinfo": "short\n30 24 0:26 / /cg rw - cgroup cgroup rw,cpu\n",
      "cg/cpu.cfs_quota_us": "-1\n", "cg/cpu.cfs_period_us": "100000\n",
    ])
    #expect(files.group.processorLimit == nil)
    #expect(ControlGroup(root: "/nowhere").processorLimit == nil)
  }

  @Test func `The affinity mask of the calling thread counts`() async {
    let allowed = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let restricted = restrict_this_thread_to_one_processor() != 0
        continuation.resume(returning: restricted ? ProcessorCount.allowed : 1)
      }
    }
    #expect(allowed == 1)
  }
}

/// A root folder with files that a kernel would show.
private final class FakeFiles {
  let root = FileManager.default.temporaryDirectory.appending(path: "xception-\(UUID().uuidString)").path

  init(_ files: [String: String]) throws {
    for (path, contents) in files {
      let url = URL(filePath: root + "/" + path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try contents.write(to: url, atomically: false, encoding: .utf8)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  var group: ControlGroup { ControlGroup(root: root) }
}
