#if os(Linux)
  import Foundation
  import SmallModel
  import Testing

  /// The libraries that nobody needs who has no such pictures.
  struct LoadedOnDemandTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../ImageInputTests/Fixtures").standardized.path

    /// Files of the libraries' names that are none, where the system looks first.
    @Test func `Without libtiff and libheif a PNG is read, and TIFF, HEIC and AVIF name their packages`() throws {
      let model = try SmallModel.shared.get()
      let folder = model.folder.appending(path: "no-libraries-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in ["libtiff.so.6", "libtiff.so.5", "libtiff.so", "libheif.so.1", "libheif.so"] {
        try Data("no library".utf8).write(to: folder.appending(path: name))
      }
      let pictures = ["png/rgb8.png", "formats/raw.tiff", "formats/plain.heic", "formats/plain.avif"]
      let result = try Command.run(
        "xception-run",
        ["--model", model.file.path, "--json"] + pictures.map { Self.fixtures + "/" + $0 },
        environment: ["LD_LIBRARY_PATH": folder.path])
      let lines = try Line.all(result)
      #expect(result.status == 1 && lines.count == 4)
      #expect(lines.first?.predictions?.isEmpty == false)
      let packages = [("TIFF", "libtiff6"), ("HEIC", "libheif1"), ("AVIF", "libheif1")]
      for (line, (format, package)) in zip(lines.dropFirst(), packages) {
        let error = line.error ?? ""
        #expect(
          error.contains("\(format) files are read through lib") && error.contains("apt-get install \(package)"),
          "\(error)")
      }
    }

    @Test(
      .enabled("there is no readelf") { try Command.shell("command -v readelf").status == 0 },
      arguments: ["xception-run", "xception-convert", "xception-inspect", "xception-bench"])
    func `No command is linked with libtiff or libheif`(command: String) throws {
      let result = try Command.shell("readelf -d '\(Command.folder.appending(path: command).path)'")
      #expect(result.status == 0 && result.output.contains("NEEDED"))
      #expect(!result.output.contains("tiff") && !result.output.contains("heif"), "\(result.output)")
    }
  }
#endif
