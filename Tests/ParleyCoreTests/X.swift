import Testing
@Test func xCore() {}
