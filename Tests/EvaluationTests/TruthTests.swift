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

  @Test func `Blanks around a label count only where a class is called so`() throws {
    let index = ClassIndex(labels: ["cup", " plate", "plate"], classCount: 3)
    let truth = try Truth(list: "file, label\na, plate\nb,plate\t\nc, cup\nd, 0 \ne,  \nf, \"cup\"\n")
    #expect(try truth.labelSets(index) == [[1], [2], [0], [0], [], [0]])
    let wrong = TruthError.unknownClass(" mug", known: ["cup", " plate", "plate"])
    #expect(throws: wrong) { try index(" mug") }
  }

  @Test func `Weights of labels may have names of columns`() throws {
    let index = ClassIndex(labels: ["label", "cat"], classCount: 2)
    #expect(try LabelWeights(list: "label,weight\ncat, 2\n").values(index, classCount: 2) == [0, 2])
    #expect(try LabelWeights(list: "label,3\ncat,2\n").values(index, classCount: 2) == [3, 2])
    let wrong = TruthError.line(2, reason: "\"cat,weight\", expected label,weight with a weight of 0 or more")
    #expect(throws: wrong) { try LabelWeights(list: "label,weight\ncat,weight\n") }
  }

  @Test func `Classes may be called by the names of a list, which says their names or numbers`() throws {
    var index = ClassIndex(labels: ["tabby", "hen"], classCount: 2)
    try index.addAliases(list: "wnid,class\nn02123045,tabby\nn01514668,1\ntabby,hen\n")
    #expect(try ["n02123045", "n01514668", "hen", "0"].map { try index($0) } == [0, 1, 1, 0])
    #expect(try index("tabby") == 1, "the list goes first")
    for (list, line) in [("a,b,c", 1), ("a,0\na,1", 2)] {
      #expect {
        try index.addAliases(list: list)
      } throws: { error in
        guard case .line(line, _)? = error as? TruthError else { return false }
        return true
      }
    }
    #expect(throws: TruthError.unknownClass("cow", known: ["tabby", "hen"])) { try index.addAliases(list: "b,cow") }
  }

  @Test func `ImageNet's folders are a model's classes in their order, if all are there`() throws {
    let folders = (0..<1000).map { "n0\(1_440_000 + 37 * $0)" }
    let truth = try Truth(folders: folders.reversed().map { $0 + "/a.jpg" })
    for labels in [[], ["tench, Tinca tinca"] + (1..<1000).map { "class \($0)" }] {
      var index = ClassIndex(labels: labels, classCount: 1000)
      let isAdded = index.addFoldersOfImageNet(truth)
      #expect(isAdded)
      #expect(try truth.classes(index) == (0..<1000).reversed())
    }
    let some = try Truth(folders: folders.dropFirst().map { $0 + "/a.jpg" })
    for (labels, count, truth) in [
      ((0..<1000).map { "c\($0)" }, 1000, truth), ([], 1001, truth), ([], 1000, some),
    ] {
      var index = ClassIndex(labels: labels, classCount: count)
      let isAdded = index.addFoldersOfImageNet(truth)
      #expect(!isAdded)
    }
    let index = ClassIndex(labels: [], classCount: 1000)
    #expect {
      try some.classes(index)
    } throws: { error in
      "\(error)".contains("\"n01440037\" is not a class of the model") && "\(error)".contains("--classes FILE")
    }
  }

  @Test func `Exclusive classes need one label, independent ones may have any number`() throws {
    let truth = try Truth(list: "a,x,y\nb,")
    let index = ClassIndex(labels: ["x", "y"], classCount: 2)
    #expect(throws: TruthError.notOneClass(picture: "a", found: 2)) { try truth.classes(index) }
    #expect(try truth.labelSets(index) == [[0, 1], []])
  }
}
