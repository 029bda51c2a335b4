import Evaluation
import Testing

@Suite("The list of right answers")
struct TruthTests {
  private func error(_ list: String) -> TruthError? {
    do throws(TruthError) {
      _ = try Truth(list: list)
      return nil
    } catch {
      return error
    }
  }

  @Test func `Folders are named as classes`() throws {
    let truth = try Truth(folders: ["cup/1.jpg", "cup/more/2.jpg", "plate/3.jpg"])
    #expect(truth.entries.map(\.labels) == [["cup"], ["cup"], ["plate"]])
    #expect(try truth.classes(ClassIndex(labels: ["plate", "cup"], classCount: 2)) == [1, 1, 0])
    #expect(throws: TruthError.noClassFolder(picture: "1.jpg")) { try Truth(folders: ["1.jpg"]) }
    #expect(throws: TruthError.empty) { try Truth(folders: []) }
  }

  @Test func `Lines name a file and its labels, quoted where they hold commas, quotes or ends of lines`() throws {
    let truth = try Truth(
      list: "\u{feff}File,label\r\na.jpg,cat\r\n\r\n\"b, 2.jpg\",\"a \"\"dog\"\"\",\"two\nlines\"\nc.jpg,\nd.jpg,,cat")
    #expect(
      truth.entries == [
        .init(picture: "a.jpg", labels: ["cat"]), .init(picture: "b, 2.jpg", labels: ["a \"dog\"", "two\nlines"]),
        .init(picture: "c.jpg", labels: []), .init(picture: "d.jpg", labels: ["cat"]),
      ])
  }

  @Test(arguments: ["Id,label", "name,class", "photo,x", "image_path,Category", "file"])
  func `A first line that names the columns is no picture`(line: String) throws {
    #expect(try Truth(list: "\(line)\na.jpg,cat\n").entries == [.init(picture: "a.jpg", labels: ["cat"])])
  }

  @Test func `A first line that names a picture is one`() throws {
    #expect(try Truth(list: "label.jpg,label\n").entries == [.init(picture: "label.jpg", labels: ["label"])])
  }

  @Test func `What is wrong with a list is said with its line`() {
    #expect(error("a.jpg,cat\nb.jpg") == .line(2, reason: "\"b.jpg\" has no label, expected file,label[,label...]"))
    #expect(error(",cat") == .line(1, reason: "no file is named"))
    #expect(error("a,b\n\"c\nd,e") == .line(2, reason: "a quote is not closed"))
    #expect(error("\"a\"b,c") == .line(1, reason: "text after a closing quote"))
    #expect(error("") == .empty)
    #expect(error("file,label\n") == .empty)
  }

  @Test func `Classes are found by name, and by number where no class is called so`() throws {
    let index = ClassIndex(labels: ["crane", "7", "crane"], classCount: 3)
    #expect(try index("7") == 1)
    #expect(try index("2") == 2)
    #expect(throws: TruthError.ambiguousClass("crane", indices: [0, 2])) { try index("crane") }
    #expect(throws: TruthError.unknownClass("3", known: ["crane", "7", "crane"])) { try index("3") }
    #expect(throws: TruthError.unknownClass("cat", known: [])) { try ClassIndex(labels: [], classCount: 3)("cat") }
  }

  @Test func `Exclusive classes need one label, independent ones may have any number`() throws {
    let truth = try Truth(list: "a,x,y\nb,")
    let index = ClassIndex(labels: ["x", "y"], classCount: 2)
    #expect(throws: TruthError.notOneClass(picture: "a", found: 2)) { try truth.classes(index) }
    #expect(try truth.labelSets(index) == [[0, 1], []])
  }
}
