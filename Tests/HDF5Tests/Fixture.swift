import Files
import Foundation

@testable import HDF5

/// A file that `make_fixtures.py` made.
struct Fixture {
  let name: String
  let bytes: [UInt8]

  init(_ name: String) throws {
    self.name = name
    bytes = [UInt8](try Data(contentsOf: URL(filePath: Self.path(of: name))))
  }

  static func path(of name: String) -> String {
    Bundle.module.url(forResource: "Fixtures", withExtension: nil)!.appending(path: name).path
  }

  func open(_ limits: HDF5Limits = HDF5Limits()) throws(HDF5Error) -> HDF5File {
    try HDF5File(FileBytes(bytes), limits: limits)
  }
}

/// What h5py read from a fixture, or why it must be refused.
struct Expected: Decodable {
  struct Attribute: Decodable {
    var dimensions: [Int]
    var strings: [String]?
    var numbers: [Number]?
  }

  struct Dataset: Decodable {
    var dimensions: [Int]
    var type: String
    var isBigEndian: Bool
    var values: [Number]?
    /// Where there are many values: the one that most have, and the others by their place.
    var fill: Number?
    var sparse: [String: Number]?

    var floats: [Float] {
      if let values { return values.map { Float($0.value) } }
      var floats = [Float](repeating: Float(fill!.value), count: dimensions.reduce(1, *))
      for (place, number) in sparse! { floats[Int(place)!] = Float(number.value) }
      return floats
    }
  }

  struct Refusal: Decodable {
    var path: String
    var words: String
  }

  /// A number, or the text of one that JSON has no form for.
  struct Number: Decodable {
    var value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      value = try (try? container.decode(Double.self)) ?? Double(try container.decode(String.self))!
    }
  }

  var groups: [String]?
  var datasets: [String: Dataset]?
  var attributes: [String: [String: Attribute]]?
  var refused: Refusal?

  static let all: [String: Expected] = {
    let data = try! Data(contentsOf: URL(filePath: Fixture.path(of: "expected.json")))
    return try! JSONDecoder().decode([String: Expected].self, from: data)
  }()

  static var read: [String] { all.filter { $0.value.refused == nil }.keys.sorted() }
  static var refused: [String] { all.filter { $0.value.refused != nil }.keys.sorted() }
}

extension HDF5Group {
  /// All groups below this one.
  var allGroups: [HDF5Group] { groups.values.flatMap { [$0] + $0.allGroups } }
}
