import JOSE
import ServerSupport
import TestSupport
import Testing

@testable import AuthorizationServer
@testable import Storage

/// Steps that only the tests of the web need.
extension Harness {
    /// Signs in by username and password without a page, from any address.
    func signIn(_ name: String, _ password: String, in browser: Browser) async throws -> SignInService.SignInResult {
        let people = gatehouse.people
        let passwords = try #require(people.methods.lazy.compactMap { $0 as? PasswordSignIn }.first)
        return try await people.signIn(passwords.claim(name: name, password: Secret(password)), browser: browser)
    }

    /// The number of authorization requests in the database, whether decided or not.
    func interactions() async throws -> Int {
        try await gatehouse.store.read { transaction in
            Int(try transaction.first("SELECT count(*) FROM interactions") { try $0.integer(0) } ?? 0)
        }
    }
}
