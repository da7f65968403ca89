import Testing

@Test func placeholderAuthorizationServer() { #expect(Bool(true)) }
