import Testing

@Test func placeholderOAuth() { #expect(Bool(true)) }
