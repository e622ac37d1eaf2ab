import Testing
@Test func xServer() {}
