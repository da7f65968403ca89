import Testing

@Test func placeholderInterop() { #expect(Bool(true)) }
