import Testing
@Test func xAuth() {}
