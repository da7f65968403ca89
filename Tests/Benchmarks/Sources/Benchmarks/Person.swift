import Foundation
import NIOCore

/// A person at the pages of Gatehouse who approves whatever is asked: that is how codes come into the world.
struct Person {
    static let name = "ada"
    static let password = "correct horse battery staple"
    /// The pair of RFC 7636, appendix B.
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    let http: PlainHTTP
    let clientID: String
    let redirect: String
    let resource: String
    private var cookies: [String: String] = [:]

    init(http: PlainHTTP, clientID: String, redirect: String, resource: String) {
        self.http = http
        self.clientID = clientID
        self.redirect = redirect
        self.resource = resource
    }

    /// Signs in if need be, approves, and gives the code.
    mutating func code() async throws -> String {
        let query = [
            "response_type": "code", "client_id": clientID, "redirect_uri": redirect, "state": "s",
            "resource": resource,
            "code_challenge": Self.challenge, "code_challenge_method": "S256",
        ].map { "\($0.key)=\(Target.encode($0.value))" }.joined(separator: "&")
        var page = try await visit("/authorize?\(query)")
        for _ in 0..<5 {
            if let link = page.firstMatch(of: /code=(gate_c_[A-Za-z0-9_-]+)/) { return String(link.1) }
            guard let form = Self.form(of: page) else { break }
            var fields = Self.fields(of: form.content)
            if page.contains(#"name="username""#) {
                let typed = [("username", Self.name), ("password", Self.password)]
                fields = fields.filter { field in !typed.contains { $0.0 == field.0 } } + typed
            } else {
                fields.append(("decision", "approve"))
            }
            page = try await visit(Self.path(of: form.action), fields)
        }
        throw BenchmarkFailure("the pages gave no code: \(page.prefix(2000))")
    }

    /// Opens the page of an elicitation and gives what the browser sends when the person approves it there.
    mutating func approval(at address: String) async throws -> ByteBuffer {
        let page = try await visit(Self.path(of: address))
        guard let form = Self.form(of: page), form.content.contains(#"name="decision""#) else {
            throw BenchmarkFailure("the page asks for nothing: \(page.prefix(2000))")
        }
        let sent = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        let body = PlainHTTP.encode(Self.fields(of: form.content) + [("decision", "approve")])
        return ByteBuffer(
            string: "POST \(Self.path(of: form.action)) HTTP/1.1\r\nHost: localhost:\(http.target.port)\r\n"
                + "Origin: http://localhost:\(http.target.port)\r\nCookie: \(sent)\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    private mutating func visit(_ path: String, _ form: [(String, String)]? = nil) async throws -> String {
        var (path, form) = (path, form)
        for _ in 0..<5 {
            let sent = cookies.map { "\($0.key)=\($0.value)" }
            let answer =
                if let form { try await http.post(path, form, cookies: sent) } else {
                    try await http.get(path, cookies: sent)
                }
            for cookie in answer.cookies {
                let parts = cookie.split(separator: "=", maxSplits: 1).map(String.init)
                cookies[parts[0]] = parts.count > 1 ? parts[1] : ""
            }
            guard (300..<400).contains(answer.status), let next = answer.location else { return answer.body }
            (path, form) = (Self.path(of: next), nil)
        }
        throw BenchmarkFailure("the pages redirect in a circle")
    }

    private static func path(of address: String) -> String {
        guard address.hasPrefix("http") else { return address }
        return String(address.dropFirst(8).drop { $0 != "/" })
    }

    /// The first form of a page. A page may have others, such as the one that switches accounts; a browser sends only one.
    private static func form(of page: String) -> (action: String, content: String)? {
        guard let start = page.firstMatch(of: /<form[^>]*action="([^"]*)"/),
            let end = page[start.range.upperBound...].firstRange(of: "</form>")
        else { return nil }
        return (String(start.1), String(page[start.range.upperBound..<end.lowerBound]))
    }

    /// What a browser would send: hidden fields, and boxes and choices that are ticked.
    private static func fields(of page: String) -> [(String, String)] {
        page.matches(of: /<input\b[^>]*>/).compactMap { match in
            let tag = String(match.0)
            guard let name = attribute("name", of: tag) else { return nil }
            let kind = attribute("type", of: tag) ?? "text"
            if ["checkbox", "radio"].contains(kind), !tag.contains(" checked") { return nil }
            return (name, attribute("value", of: tag) ?? "")
        }
    }

    private static func attribute(_ name: String, of tag: String) -> String? {
        guard let start = tag.range(of: " \(name)=\"") else { return nil }
        let value = tag[start.upperBound...].prefix { $0 != "\"" }
        return String(value).replacingOccurrences(of: "&amp;", with: "&").replacingOccurrences(of: "&quot;", with: "\"")
    }
}
