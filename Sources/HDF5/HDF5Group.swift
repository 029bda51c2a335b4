/// A group with everything in it, except the values of its datasets.
package struct HDF5Group: Sendable {
  /// From the root, without a leading slash; the root's is empty.
  package var path: String
  package var attributes: [String: HDF5Attribute] = [:]
  package var groups: [String: HDF5Group] = [:]
  package var datasets: [String: HDF5Dataset] = [:]

  /// The group at a path of names separated by slashes; the empty path is the group itself.
  package func group(at path: String) -> HDF5Group? {
    var group = self
    for name in path.split(separator: "/") {
      guard let next = group.groups[String(name)] else { return nil }
      group = next
    }
    return group
  }

  package func dataset(at path: String) -> HDF5Dataset? {
    guard let slash = path.lastIndex(of: "/") else { return datasets[path] }
    return group(at: String(path[..<slash]))?.datasets[String(path[path.index(after: slash)...])]
  }

  /// All datasets of the group, by name, then those of the groups in it, by name.
  package var allDatasets: [HDF5Dataset] {
    datasets.sorted { $0.key < $1.key }.map(\.value)
      + groups.sorted { $0.key < $1.key }.flatMap { $0.value.allDatasets }
  }
}

extension FileReader {
  /// - Parameter skippedNames: Links of this group that are not looked at.
  mutating func group(
    at address: Int, path: String, depth: Int = 0, skipping skippedNames: Set<String> = []
  ) throws(HDF5Error) -> HDF5Group {
    let header = try objectHeader(at: address, of: path)
    guard header.isGroup else {
      throw HDF5Error(path: path, structure: "object header at \(address)", reason: "is no group")
    }
    return try group(header, path: path, depth: depth, skipping: skippedNames)
  }

  private mutating func group(
    _ header: ObjectHeader, path: String, depth: Int, skipping skippedNames: Set<String> = []
  ) throws(HDF5Error) -> HDF5Group {
    let place = Place(path: path, structure: "group", address: header.address)
    // 256 keeps the stack of any thread from being used up, whatever the caller allows.
    guard depth <= min(file.limits.depth, 256) else {
      throw place.error("groups are nested more than \(min(file.limits.depth, 256)) deep")
    }
    guard !openGroups.contains(header.address) else { throw place.error("contains itself") }
    openGroups.append(header.address)
    defer { openGroups.removeLast() }
    var group = HDF5Group(path: path, attributes: try attributes(of: header, path: path))
    for link in try links(of: header, path: path) where !skippedNames.contains(link.name) {
      guard remainingObjects > 0 else { throw place.error("more than the limit of \(file.limits.objects) objects") }
      remainingObjects -= 1
      guard !link.name.isEmpty, link.name != ".", !link.name.utf8.contains(0x2f) else {
        throw place.error("\(link.name.debugDescription) is no name of an object")
      }
      try add(link, to: &group, depth: depth)
    }
    return group
  }

  private mutating func add(_ link: Link, to group: inout HDF5Group, depth: Int) throws(HDF5Error) {
    let path = group.path.isEmpty ? link.name : group.path + "/" + link.name
    guard case .object(let address) = link.target else {
      guard case .refused(let kind) = link.target else { return }
      throw HDF5Error(
        path: path, structure: "link", reason: "\(kind): links to a path or to another file are never followed")
    }
    guard group.groups[link.name] == nil, group.datasets[link.name] == nil else {
      throw HDF5Error(path: path, structure: "link", reason: "appears twice")
    }
    try charge(path.utf8.count, Place(path: path, structure: "link"))
    if var known = datasets[address] {
      known.path = path
      group.datasets[link.name] = known
      return
    }
    let header = try objectHeader(at: address, of: path)
    if header.first(.layout) != nil {
      let dataset = try dataset(header, path: path)
      datasets[address] = dataset
      group.datasets[link.name] = dataset
    } else if header.isGroup {
      group.groups[link.name] = try self.group(header, path: path, depth: depth + 1)
    } else if header.first(.datatype) == nil {
      throw HDF5Error(
        path: path, structure: "object header at \(address)", reason: "neither a group, a dataset nor a datatype")
    }
  }
}

extension ObjectHeader {
  fileprivate var isGroup: Bool { first(.symbolTable) != nil || first(.linkInfo) != nil || first(.link) != nil }
}
