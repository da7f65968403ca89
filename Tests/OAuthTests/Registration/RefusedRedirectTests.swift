import JOSE
import OAuth
import Testing

@Suite("RFC 7591 §3.2.2 refusals of every redirect")
struct RefusedRedirectTests {
    private func refusal(_ redirects: [String], type: String? = nil) throws -> String? {
        var members: JSONObject = ["redirect_uris": .strings(redirects)]
        members["application_type"] = type.map(JSON.string)
        let request = try RegistrationRequest(parsing: members.bytes)
        let error = #expect(throws: OAuthError.self) { try request.registration { _ in false } }
        #expect(error?.code == .invalidRedirectURI)
        return error?.description
    }

    @Test func `the refusal names the first redirect that the command accepts`() throws {
        let sentence = try refusal(["http://localhost/cb", "https://app.example/cb?a=b;id", "https://app.example/cb"])
        #expect(sentence?.contains("gatehouse clients redirects allow https://app.example/cb'") == true)
    }

    @Test(arguments: [
        "https://app.example/$(id)", "https://app.example/a;id", "https://app.example/a'b", "https://app.example/&id",
        "https://app.example/cb?x=*",
    ])
    func `no text that a shell could run stands in the command`(redirect: String) throws {
        #expect(try refusal([redirect])?.contains("gatehouse clients redirects allow URI'") == true)
    }

    @Test func `a client of type web learns which redirects it may have`() throws {
        let sentence = try refusal(["http://localhost/cb", "cursor://app/cb"], type: "web")
        #expect(sentence?.contains("application_type 'web'") == true && sentence?.contains("redirects allow") == false)
        #expect(try refusal(["https://app.example/cb"], type: "web")?.contains("redirects allow") == true)
    }
}
