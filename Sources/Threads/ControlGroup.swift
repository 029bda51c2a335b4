#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processor time that Linux control groups, version 2 or 1, grant this process: what a container is limited to.
struct ControlGroup {
  /// The root of the file system that is read; tests give another.
  var root = ""

  /// The smallest quota of the process's group and its parent groups, rounded up to whole processors; nil without a
  /// limit, or where the files cannot be read.
  var processorLimit: Int? {
    guard let groups = lines(of: "/proc/self/cgroup"), let mounts = lines(of: "/proc/self/mountinfo") else {
      return nil
    }
    var limit: Int?
    for mount in mounts.compactMap({ Mount($0) }) {
      guard let group = groups.lazy.compactMap({ mount.group(in: $0) }).first else { continue }
      for folder in mount.folders(of: group) {
        guard let quota = quota(in: folder, version: mount.version) else { continue }
        limit = min(limit ?? quota, quota)
      }
    }
    return limit
  }

  private func quota(in folder: String, version: Version) -> Int? {
    let numbers: [Substring]
    switch version {
    case .unified:
      // "max 100000", or the quota and the period in microseconds.
      numbers = lines(of: folder + "/cpu.max")?.first?.split(separator: " ") ?? []
    case .legacy:
      // The quota is -1 without a limit.
      let files = ["/cpu.cfs_quota_us", "/cpu.cfs_period_us"]
      numbers = files.compactMap { lines(of: folder + $0)?.first }
    }
    guard numbers.count == 2, let quota = Int(numbers[0]), let period = Int(numbers[1]), quota > 0, period > 0 else {
      return nil
    }
    return (quota - 1) / period + 1
  }

  /// The lines of a small file, or nil where it cannot be read.
  private func lines(of path: String) -> [Substring]? {
    guard let file = unsafe fopen(root + path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    // Files in /proc have no size; on a machine full of containers the mount table takes some hundred kilobytes.
    while bytes.count < 1 << 22 {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}

extension ControlGroup {
  enum Version {
    case unified, legacy
  }

  /// A mounted hierarchy that may limit processor time.
  struct Mount {
    let version: Version
    /// The group that is mounted there: "/" except inside some containers.
    let top: String
    let point: String

    /// Reads a line of `/proc/self/mountinfo` (proc(5)); nil where it mounts something else.
    ///
    ///     36 35 98:0 /top /point rw,noatime master:1 - cgroup cgroup rw,cpu,cpuacct
    init?(_ line: Substring) {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 1 else { return nil }
      switch fields[dash + 1] {
      case "cgroup2": version = .unified
      case "cgroup" where fields[fields.count - 1].split(separator: ",").contains("cpu"): version = .legacy
      default: return nil
      }
      top = String(fields[3])
      point = String(fields[4])
    }

    /// The process's group in this hierarchy, from a line of `/proc/self/cgroup`; nil where the line belongs to another
    /// hierarchy.
    ///
    ///     0::/user.slice          4:cpu,cpuacct:/user.slice
    func group(in line: Substring) -> String? {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let matches =
        switch version {
        case .unified: fields[0] == "0" && fields[1].isEmpty
        case .legacy: fields[1].split(separator: ",").contains("cpu")
        }
      return matches ? String(fields[2]) : nil
    }

    /// The folders of a group and of its parents, innermost first.
    func folders(of group: String) -> [String] {
      // A container that sees its own group as the root names it here by its path outside.
      var path = top == "/" ? group : group.hasPrefix(top) ? String(group.dropFirst(top.count)) : ""
      var folders: [String] = []
      while path.count > 1 {
        folders.append(point + path)
        path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
      }
      return folders + [point]
    }
  }
}
