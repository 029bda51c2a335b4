@main
struct XceptionBench {
  static func main() {}
}
