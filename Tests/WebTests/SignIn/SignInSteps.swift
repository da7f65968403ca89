import JOSE
import TestSupport
import Testing

@testable import AuthorizationServer

extension Harness {
    /// Signs in by name and password without a page, from any address.
    func signIn(_ name: String, _ password: String, in browser: Browser) async throws -> SignInService.SignInResult {
        let people = gatehouse.people
        let passwords = try #require(people.methods.lazy.compactMap { $0 as? PasswordSignIn }.first)
        return try await people.signIn(passwords.claim(name: name, password: Secret(password)), browser: browser)
    }
}
