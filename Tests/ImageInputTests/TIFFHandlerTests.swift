import ImageInput
import Testing

#if canImport(Glibc)
  import Glibc

  /// The handlers of libtiff belong to the program that this package is a part of.
  @Suite(.enabled("libtiff is not installed") { FormatCase.readable.contains { $0.name.hasSuffix(".tiff") } })
  struct TIFFHandlerTests {
    @Test(arguments: ["TIFFSetErrorHandler", "TIFFSetWarningHandler"])
    func `Handlers that a program has set stay, and hear nothing`(function: String) throws {
      typealias Handler = @convention(c) (UnsafePointer<CChar>?, UnsafePointer<CChar>?, OpaquePointer?) -> Void
      typealias Setter = @convention(c) (UnsafeRawPointer?) -> UnsafeRawPointer?
      let library = try unsafe #require(dlopen("libtiff.so.6", RTLD_NOW) ?? dlopen("libtiff.so.5", RTLD_NOW))
      let symbol = try unsafe #require(dlsym(library, function))
      let set = unsafe unsafeBitCast(symbol, to: Setter.self)
      let handler: Handler = unsafe { _, _, _ in fatalError("a message for the program") }
      let own = unsafe unsafeBitCast(handler, to: UnsafeRawPointer.self)
      let old = unsafe set(own)
      let bytes = try Fixture.bytes("formats/lzw.tiff")
      for count in stride(from: 100, to: bytes.count, by: 100) { _ = try? Image(decoding: Array(bytes.prefix(count))) }
      _ = try Image(decoding: bytes)
      #expect(unsafe set(old) == own)
    }
  }
#endif
