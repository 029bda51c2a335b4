/// A name in a group and what it stands for.
struct Link {
  enum Target {
    /// The address of an object header in this file.
    case object(Int)
    /// A kind of link that could lead elsewhere, by its HDF5 name.
    case refused(String)
  }

  var name: String
  var target: Target
}

extension FileReader {
  /// A group's links: in a symbol table, in its header, or in a fractal heap where they are many.
  mutating func links(of header: ObjectHeader, path: String) throws(HDF5Error) -> [Link] {
    var links: [Link] = []
    if let table = header.first(.symbolTable) { links += try oldLinks(table.fields) }
    for message in header.all(.link) { links.append(try link(message.fields)) }
    if let info = header.first(.linkInfo) { links += try denseLinks(info.fields) }
    return links
  }

  private mutating func denseLinks(_ message: Fields) throws(HDF5Error) -> [Link] {
    var info = message
    let path = message.place.path
    _ = try info.version(0...0)
    if try info.byte() & 1 != 0 { try info.skip(8) }
    guard let heapAddress = try info.address(), let indexAddress = try info.address() else { return [] }
    let heap = try fractalHeap(at: heapAddress, of: path)
    var links: [Link] = []
    for record in try records(ofIndexAt: indexAddress, type: 5, of: path) {
      var fields = record
      // A hash of the name.
      try fields.skip(4)
      let body = try object(try fields.take(7), in: heap)
      links.append(try link(Fields(body, Place(path: path, structure: MessageType.link.name), file.widths)))
    }
    return links
  }

  private func link(_ message: Fields) throws(HDF5Error) -> Link {
    var fields = message
    _ = try fields.version(1...1)
    let flags = try fields.byte()
    let kind = flags & 8 != 0 ? try fields.byte() : 0
    if flags & 4 != 0 { try fields.skip(8) }
    if flags & 16 != 0 { try fields.skip(1) }
    let nameSize = try fields.count(width: 1 << (flags & 3))
    let nameBytes = try fields.take(nameSize)
    guard let name = nameBytes.text, name.utf8.count == nameSize else {
      throw fields.error("its name is not UTF-8, or has a zero in it")
    }
    switch kind {
    case 0: return Link(name: name, target: .object(try fields.definedAddress(of: "object")))
    case 1: return Link(name: name, target: .refused("H5L_TYPE_SOFT"))
    case 64: return Link(name: name, target: .refused("H5L_TYPE_EXTERNAL"))
    default: return Link(name: name, target: .refused("user-defined link type \(kind)"))
    }
  }
}
