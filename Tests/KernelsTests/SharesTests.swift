import Kernels
import Testing

@Suite struct SharesTests {
  @Test(arguments: 1...40)
  func `Shares one after the other are those that divisions give`(parts: Int) {
    for count in 0...300 {
      for first in 0..<parts {
        var shares = Shares(of: parts, count, first: first)
        let found = (first..<parts).map { _ in shares.next() }
        let expected = (first..<parts).map { share($0, of: parts, count) }
        #expect(found == expected, "\(count) from part \(first) on")
      }
    }
  }
}
