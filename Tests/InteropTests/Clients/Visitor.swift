import JOSE
import OAuth
import TestSupport

/// A user with a client who runs the flow from `/authorize` to tokens by plain form posts.
struct Visitor: Sendable {
    let gatehouse: RunningGatehouse
    let clientID: String
    var person = "ada"
    static let redirect = "http://127.0.0.1:9000/callback"

    /// A code, with the verifier that redeems it.
    struct Code: Sendable {
        let text: String
        let verifier: String
    }

    /// Signs in and approves.
    func code() async throws -> Code {
        let verifier = CodeVerifier.random()
        let query: [(String, String)] = [
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", Self.redirect),
            ("code_challenge", CodeChallenge(for: verifier).string), ("code_challenge_method", "S256"),
        ]
        let path = "/authorize?" + query.map { "\($0.0)=\(LoopbackHTTP.encode($0.1))" }.joined(separator: "&")
        let page = try await gatehouse.http.get(path)
        var cookies = Self.cookies(of: page)
        let signedIn = try await gatehouse.http.post(
            "/login",
            form: [
                "interaction": Self.value(of: "interaction", in: page), "username": person, "password": Scene.password,
            ], headers: [("Cookie", cookies.joined(separator: "; "))])
        cookies += Self.cookies(of: signedIn)
        let place = String((signedIn.header("location") ?? "").dropFirst(gatehouse.issuer.count))
        let cookie = ("Cookie", cookies.joined(separator: "; "))
        let consent = try await gatehouse.http.get(place, headers: [cookie])
        let answer = try await gatehouse.http.post(
            "/consent",
            form: [
                "token": Self.value(of: "token", in: consent), "decision": "approve", "scope": "files:read",
                "lifetime": "12h",
            ], headers: [cookie])
        guard let found = answer.text.firstMatch(of: /code=(gate_c_[A-Za-z0-9_-]+)/) else {
            throw StageFailure("the pages gave no code")
        }
        return Code(text: String(found.1), verifier: verifier.reveal())
    }

    /// Redeems a code.
    func redeem(_ code: Code) async throws -> LoopbackHTTP.Response {
        try await gatehouse.http.post(
            "/token",
            form: [
                "grant_type": "authorization_code", "client_id": clientID, "code": code.text,
                "code_verifier": code.verifier, "redirect_uri": Self.redirect,
            ])
    }

    /// Uses a refresh token.
    func refresh(_ token: String) async throws -> LoopbackHTTP.Response {
        try await gatehouse.http.post(
            "/token", form: ["grant_type": "refresh_token", "client_id": clientID, "refresh_token": token])
    }

    /// Ends the session of a refresh token.
    func revoke(_ token: String) async throws -> LoopbackHTTP.Response {
        try await gatehouse.http.post("/revoke", form: ["token": token, "client_id": clientID])
    }

    /// The same client at another server.
    func at(_ gatehouse: RunningGatehouse) -> Visitor {
        Visitor(gatehouse: gatehouse, clientID: clientID, person: person)
    }

    /// The cookies that an answer sets, as a browser sends them back.
    static func cookies(of response: LoopbackHTTP.Response) -> [String] {
        response.headers.filter { $0.name == "set-cookie" }.map { String($0.value.prefix { $0 != ";" }) }
    }

    /// What a hidden field of a page holds.
    static func value(of name: String, in page: LoopbackHTTP.Response) -> String {
        let text = page.text
        guard let field = text.firstRange(of: "name=\"\(name)\" value=\"") else { return "" }
        return String(text[field.upperBound...].prefix { $0 != "\"" })
    }
}
