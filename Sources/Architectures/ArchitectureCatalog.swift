/// The networks that can be asked for by name.
package enum ArchitectureCatalog {
  package static let all: [any Architecture] =
    [XceptionNetwork(), InceptionV3(), ResNet.resNet50, ResNet.resNet101, ResNet.resNet152]
    + [false, true].flatMap { isNormalized in
      VGG.all.map { vgg in
        var vgg = vgg
        vgg.isNormalized = isNormalized
        return vgg
      }
    }

  package static var names: [String] { all.map(\.name) }

  /// A network with its paper's parameters.
  ///
  /// - Parameter name: In upper or lower case.
  package static func named(_ name: String) throws(UnknownArchitectureError) -> any Architecture {
    guard let found = all.first(where: { $0.name.lowercased() == name.lowercased() }) else {
      throw UnknownArchitectureError(name: name)
    }
    return found
  }
}

/// A name that is no network's.
package struct UnknownArchitectureError: Error, Hashable, CustomStringConvertible {
  package var name: String

  package var description: String {
    "no network is named \"\(name)\"; known are \(ArchitectureCatalog.names.joined(separator: ", "))"
  }
}
