import Files

/// The messages of an object header that are read (HDF5 File Format Specification 3.0, section IV.A.2).
enum MessageType: Int {
  case dataspace = 0x01
  case linkInfo = 0x02
  case datatype = 0x03
  case oldFillValue = 0x04
  case fillValue = 0x05
  case link = 0x06
  case externalFiles = 0x07
  case layout = 0x08
  case filterPipeline = 0x0b
  case attribute = 0x0c
  case continuation = 0x10
  case symbolTable = 0x11
  case attributeInfo = 0x15
}

struct Message {
  var type: MessageType
  /// Whether the message only says where the real one is.
  var isShared: Bool
  var fields: Fields
}

/// What the file says about one object: a group, a dataset or a committed datatype.
struct ObjectHeader {
  var address: Int
  var messages: [Message] = []

  func all(_ type: MessageType) -> [Message] { messages.filter { $0.type == type } }
  func first(_ type: MessageType) -> Message? { messages.first { $0.type == type } }
}

extension FileReader {
  private static let structure = "object header"

  mutating func objectHeader(at address: Int, of path: String) throws(HDF5Error) -> ObjectHeader {
    var reader = ObjectHeaderBlocks(header: ObjectHeader(address: address))
    if file.image.slice(at: address, count: 4)?.starts(with: "OHDR") == true {
      try readNewHeader(at: address, of: path, &reader)
    } else {
      try readOldHeader(at: address, of: path, &reader)
    }
    return reader.header
  }

  private mutating func readOldHeader(
    at address: Int, of path: String, _ reader: inout ObjectHeaderBlocks
  ) throws(HDF5Error) {
    var prefix = try fields(Self.structure, at: address, count: 16, of: path)
    _ = try prefix.version(1...1)
    // A reserved byte, the number of messages and of links to the object.
    try prefix.skip(7)
    let size = try prefix.word()
    guard let start = prefix.place.address?.addingReportingOverflow(16), !start.overflow else {
      throw prefix.error("lies at the end of all addresses")
    }
    try reader.add(address: start.partialValue, size: size, prefix.place)
    while let block = reader.next() {
      var messages = try fields(Self.structure, at: block.address, count: block.size, of: path)
      while messages.remaining >= 8 {
        let type = try messages.short()
        let size = try messages.short()
        let flags = try messages.byte()
        try messages.skip(3)
        try reader.add(type: type, flags: flags, try messages.take(size), messages)
      }
    }
  }

  private mutating func readNewHeader(
    at address: Int, of path: String, _ reader: inout ObjectHeaderBlocks
  ) throws(HDF5Error) {
    var prefix = try fields(Self.structure, at: address, count: 6, of: path)
    try prefix.skip(4)
    _ = try prefix.version(2...2)
    let flags = try prefix.byte()
    // Four times, if stored, and the numbers of attributes where their storage changes.
    let optional = (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
    let width = 1 << (flags & 3)
    guard let size = file.image.slice(at: address, count: 6 + optional + width)?.number(at: 6 + optional, width: width),
      size <= UInt64(file.image.count)
    else { throw prefix.error("is cut short") }
    let first = 6 + optional + width
    var block = try checkedFields(Self.structure, "OHDR", at: address, count: first + Int(size) + 4, of: path)
    try block.skip(first - 4)
    let hasCreationOrder = flags & 0x04 != 0
    try readNewMessages(block, hasCreationOrder: hasCreationOrder, &reader)
    while let next = reader.next() {
      block = try checkedFields(
        "object header continuation block", "OCHK", at: next.address, count: next.size, of: path)
      try readNewMessages(block, hasCreationOrder: hasCreationOrder, &reader)
    }
  }

  private func readNewMessages(
    _ block: Fields, hasCreationOrder: Bool, _ reader: inout ObjectHeaderBlocks
  ) throws(HDF5Error) {
    var messages = block
    // Fewer bytes than a message's own header are a gap.
    while messages.remaining >= (hasCreationOrder ? 6 : 4) {
      let type = try messages.byte()
      let size = try messages.short()
      let flags = try messages.byte()
      if hasCreationOrder { try messages.skip(2) }
      try reader.add(type: type, flags: flags, try messages.take(size), messages)
    }
  }
}

/// Collects the messages of a header and the blocks in which it continues.
private struct ObjectHeaderBlocks {
  var header: ObjectHeader
  private var blocks: [(address: Int, size: Int)] = []
  private var known: Set<Int> = []

  init(header: ObjectHeader) { self.header = header }

  mutating func add(address: Int, size: Int, _ place: Place) throws(HDF5Error) {
    guard known.insert(address).inserted else {
      throw place.error("its continuation at \(address) leads back to itself")
    }
    blocks.append((address, size))
  }

  mutating func next() -> (address: Int, size: Int)? { blocks.popLast() }

  mutating func add(type: Int, flags: Int, _ body: FileBytes, _ block: Fields) throws(HDF5Error) {
    guard let known = MessageType(rawValue: type) else {
      guard flags & 0x80 == 0 else {
        throw block.error("has a message of unknown type \(type) that must be understood")
      }
      return
    }
    var fields = Fields(body, Place(path: block.place.path, structure: known.name), block.widths)
    if known == .continuation {
      let address = try fields.definedAddress(of: "continuation")
      return try add(address: address, size: try fields.length(), block.place)
    }
    header.messages.append(Message(type: known, isShared: flags & 0x02 != 0, fields: fields))
  }
}

extension MessageType {
  /// The specification's name.
  var name: String {
    switch self {
    case .dataspace: "Dataspace message"
    case .linkInfo: "Link Info message"
    case .datatype: "Datatype message"
    case .oldFillValue: "Fill Value (Old) message"
    case .fillValue: "Fill Value message"
    case .link: "Link message"
    case .externalFiles: "External Data Files message"
    case .layout: "Data Layout message"
    case .filterPipeline: "Filter Pipeline message"
    case .attribute: "Attribute message"
    case .continuation: "Object Header Continuation message"
    case .symbolTable: "Symbol Table message"
    case .attributeInfo: "Attribute Info message"
    }
  }
}
