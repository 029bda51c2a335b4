/// An array of numbers in a file, which it keeps open: its values are read when they are asked for.
package struct HDF5Dataset: Sendable {
  /// From the root, without a leading slash.
  package var path: String
  /// Empty for a scalar, `[0]` where there are no values at all.
  package var dimensions: [Int] { space.dimensions }
  package var type: HDF5Type
  package var attributes: [String: HDF5Attribute]
  /// The number of values.
  package var count: Int { space.count }

  let space: Dataspace
  let layout: Layout
  let filters: FilterPipeline
  /// The bytes of a value that was not written; none are zeros.
  let fillValue: [UInt8]
  let file: FileContext
}

extension FileReader {
  mutating func dataset(_ header: ObjectHeader, path: String) throws(HDF5Error) -> HDF5Dataset {
    let place = Place(path: path, structure: "object header", address: header.address)
    guard let spaceMessage = header.first(.dataspace), let typeMessage = header.first(.datatype),
      let layoutMessage = header.first(.layout)
    else { throw place.error("a dataset without a dataspace, a datatype or a layout") }
    guard header.first(.externalFiles) == nil else {
      throw place.error("External Data Files (H5O_EFL): values in other files are never read")
    }
    for message in header.messages where message.isShared && message.type != .datatype && message.type != .attribute {
      throw message.fields.error("a Shared Message in its place is not read")
    }
    let attributes = try attributes(of: header, path: path)
    let storedType = try datatype(typeMessage.fields, isShared: typeMessage.isShared)
    let type = try numberType(storedType, attributes, place)
    let space = try Dataspace(spaceMessage.fields)
    let layout = try Layout(layoutMessage.fields, elementSize: type.size, rank: space.dimensions.count)
    let filters = try header.first(.filterPipeline).map { message throws(HDF5Error) in
      try FilterPipeline(message.fields)
    }
    guard space.count <= remainingValues else {
      throw place.error("its dimensions \(space.dimensions) exceed the limit of \(file.limits.values) values in all")
    }
    remainingValues -= space.count
    let dataset = HDF5Dataset(
      path: path, type: type, attributes: attributes, space: space, layout: layout,
      filters: filters ?? FilterPipeline(),
      fillValue: try fillValue(header, size: type.size), file: file)
    _ = try dataset.byteCount()
    return dataset
  }

  private func numberType(
    _ type: Datatype, _ attributes: [String: HDF5Attribute], _ place: Place
  ) throws(HDF5Error) -> HDF5Type {
    // How Keras 3 stores the type that HDF5 had no name for.
    let isBrainFloat = attributes["dtype"]?.strings == ["bfloat16"]
    switch type.kind {
    case .number(let number):
      guard !isBrainFloat || number.format == .bfloat16 else {
        throw place.error("declared as bfloat16 but stored as \(number)")
      }
      return number
    case .opaque:
      guard type.size == 2, isBrainFloat else {
        throw place.error("H5T_OPAQUE of \(type.size) bytes, expected numbers (or 2 bytes with dtype = bfloat16)")
      }
      return HDF5Type(.bfloat16)
    case .fixedString, .variableString: throw place.error("H5T_STRING, expected numbers")
    case .unsupported(let name): throw place.error("\(name), expected numbers")
    }
  }

  /// The bytes of the fill value; none where it is zero.
  private func fillValue(_ header: ObjectHeader, size: Int) throws(HDF5Error) -> [UInt8] {
    guard let message = header.first(.fillValue) ?? header.first(.oldFillValue) else { return [] }
    var fields = message.fields
    if message.type == .fillValue {
      switch try fields.version(1...3) {
      case 1: try fields.skip(3)
      case 2:
        try fields.skip(2)
        guard try fields.byte() != 0 else { return [] }
      default: guard try fields.byte() & 0x20 != 0 else { return [] }
      }
    }
    let count = try fields.word()
    // All bits set is a size of -1: no value was set.
    if count == 0 || count == UInt32.max { return [] }
    guard count == size else { throw fields.error("has \(count) bytes, expected \(size)") }
    let value = try fields.take(count).array
    return value.allSatisfy { $0 == 0 } ? [] : value
  }
}
