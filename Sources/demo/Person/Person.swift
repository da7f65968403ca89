import MCPClient
import OAuth
import Outbound

/// A scripted user with a browser: follows links and redirects, fills in forms, stores cookies.
final class Person {
    /// The consent page that the user approved.
    struct Consent {
        let html: String
        let scopes: [String]
    }

    private let name: String
    private let password: String
    private let client: OperatorClient
    private var jar = CookieJar()

    init(name: String, password: String, client: OperatorClient) {
        self.name = name
        self.password = password
        self.client = client
    }

    /// Opens an authorization URL, signs in if the page asks for it, and approves every scope offered.
    func approve(_ address: String) async throws -> Consent {
        var page = try await open(address)
        if page.html.contains("name=\"password\"") {
            page = try await submit(page, adding: [("username", name), ("password", password)])
        }
        guard page.html.contains("name=\"decision\"") else {
            throw StoryFailure(expected: "the consent page", found: "the page is \(page.gist)")
        }
        let scopes = page.content.values(of: "scope")
        let others = page.content.filledIn.filter { $0.0 != "scope" }
        let answer = try await submit(
            page, others + scopes.map { ("scope", $0) } + [("decision", "approve")])
        guard let wayOn = answer.content.wayOn else {
            throw StoryFailure(expected: "a page with a link back to the client", found: "the page is \(answer.gist)")
        }
        _ = try await open(wayOn)
        return Consent(html: page.html, scopes: scopes)
    }

    /// Opens the link of an elicitation, signs in if the page asks for it, fills in the fields and submits the decision; returns
    /// the last page, whatever its status.
    func answer(
        _ address: String, _ decision: String, typing text: String = ""
    ) async throws -> (status: Int, html: String) {
        var page = try await open(address)
        if page.status == 200, page.html.contains("name=\"password\"") {
            page = try await submit(page, adding: [("username", name), ("password", password)])
        }
        if page.html.contains("name=\"decision\"") {
            let typed = page.content.lines.map { ($0, text) }
            page = try await submit(page, adding: typed + [("decision", decision)])
        }
        return (page.status, page.html)
    }

    private struct Visit {
        let address: String
        let status: Int
        let html: String
        var content: Page { Page(html) }

        /// Status and title of the page, for an error message.
        var gist: String {
            let title = html.split(separator: "<title>").dropFirst().first?.prefix { $0 != "<" } ?? "no title"
            return "status \(status), \"\(title)\""
        }
    }

    private func submit(_ visit: Visit, adding fields: [(String, String)]) async throws -> Visit {
        try await submit(visit, visit.content.filledIn.filter { $0.0 != "username" } + fields)
    }

    private func submit(_ visit: Visit, _ fields: [(String, String)]) async throws -> Visit {
        guard let action = visit.content.action else {
            throw StoryFailure(expected: "a form", found: "the page is \(visit.gist)")
        }
        return try await open(Self.resolved(action, at: visit.address), form: fields)
    }

    /// Opens a page and follows redirects, as browsers do.
    private func open(_ address: String, form: [(String, String)]? = nil) async throws -> Visit {
        let url = try RemoteURL(operator: address)
        var fields = [(name: "Accept", value: "text/html")]
        if let cookie = jar.field(for: url.host) { fields.append((name: "Cookie", value: cookie)) }
        let response: OutboundResponse
        if let form {
            response = try await client.post(
                url, body: Array(FormText.encode(form).utf8), contentType: FormText.mediaType,
                fields: fields)
        } else {
            response = try await client.get(url, fields: fields)
        }
        for cookie in response.values(of: "set-cookie") { jar.store(cookie, from: url.host) }
        if [302, 303].contains(response.status), let location = response.values(of: "location").first {
            return try await open(Self.resolved(location, at: address))
        }
        return Visit(
            address: address, status: response.status, html: String(decoding: response.body, as: UTF8.self))
    }

    private static func resolved(_ target: String, at address: String) throws -> String {
        guard target.hasPrefix("/") else { return target }
        return try RemoteURL(operator: address).origin + target
    }
}
