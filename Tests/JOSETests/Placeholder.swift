import Testing

@Test func placeholderJOSE() { #expect(Bool(true)) }
