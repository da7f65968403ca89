import Testing

@Test func placeholderGatehouse() { #expect(Bool(true)) }
