import Testing
@Test func xChat() {}
