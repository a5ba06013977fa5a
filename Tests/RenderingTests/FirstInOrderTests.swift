import Rendering
import Testing

@Suite struct FirstInOrderTests {
    @Test(arguments: [0, 1, 7, 600, 5_000, Int.max]) func `it is the beginning of the sorted whole`(limit: Int) {
        let numbers = (0..<4_000).map { _ in Int.random(in: 0..<1_000) }
        var first = FirstInOrder<Int>(limit, by: <)
        for number in numbers { first.add(number) }
        #expect(first.sorted() == Array(numbers.sorted().prefix(limit)))
    }
}
