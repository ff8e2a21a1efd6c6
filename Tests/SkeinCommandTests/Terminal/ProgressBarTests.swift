import SkeinJobForms
import Testing

@testable import SkeinCommand

@Suite struct ProgressBarTests {
  @Test("a progress bar fills its line and no more", arguments: [10, 40, 80, 200])
  func bar(_ width: Int) {
    for fraction in [0, 0.5, 1, 2, -1] {
      #expect(Text.width(ProgressBar(fraction: fraction, label: "3 of 6 ended").text(width: width)) <= width)
    }
    #expect(ProgressBar(fraction: 0.5, label: "half").text(width: 24) == "████░░░░  50%  half")
  }
}
