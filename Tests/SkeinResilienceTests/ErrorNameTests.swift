import SkeinResilience
import Testing

struct PlainError: Error {}
enum Shop {
  struct OutOfStock: Error {}
}
private struct HiddenError: Error {}
private struct Wrapping<Inner>: Error {}

@Suite("ErrorName and ErrorFilter")
struct ErrorNameTests {
  @Test("a name has its module and what the type stands in")
  func names() {
    #expect(ErrorName.of(PlainError()) == "SkeinResilienceTests.PlainError")
    #expect(ErrorName.of(Shop.OutOfStock()) == "SkeinResilienceTests.Shop.OutOfStock")
    #expect(ErrorName.of(CancellationError()) == "Swift.CancellationError")
  }

  @Test("places that the compiler numbers are left out")
  func numberedPlaces() {
    struct LocalError: Error {}
    #expect(ErrorName.of(HiddenError()) == "SkeinResilienceTests.HiddenError")
    #expect(ErrorName.of(LocalError()).hasSuffix("LocalError"))
    #expect(!ErrorName.of(LocalError()).contains("unknown context"))
    #expect(ErrorName.of(Wrapping<Shop.OutOfStock>()).hasPrefix("SkeinResilienceTests.Wrapping<"))
  }

  @Test("a filter knows a type by its name alone, or with what it stands in")
  func filters() {
    let name = "SkeinResilienceTests.Shop.OutOfStock"
    for known in ["OutOfStock", "Shop.OutOfStock", name] {
      #expect(ErrorFilter.only([known]).includes(name))
      #expect(!ErrorFilter.except([known]).includes(name))
    }
    #expect(!ErrorFilter.only(["Stock"]).includes(name))
    #expect(ErrorFilter.except(["Stock"]).includes(name))
    #expect(ErrorFilter.all.includes(name))
  }

  @Test("a cancellation is known by its name in any module")
  func cancellation() {
    #expect(ErrorName.isCancellation("Swift.CancellationError"))
    #expect(ErrorName.isCancellation("CancellationError"))
    #expect(!ErrorName.isCancellation("OrderCancellationErrors"))
  }
}
