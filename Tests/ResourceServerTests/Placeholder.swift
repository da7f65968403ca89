import Testing

@Test func placeholderResourceServer() { #expect(Bool(true)) }
