import Testing

@Test func placeholderWeb() { #expect(Bool(true)) }
