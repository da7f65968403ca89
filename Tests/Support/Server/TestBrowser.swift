import Foundation
package import HTTPTypes
package import HummingbirdTesting
import NIOCore
import Synchronization
import TestSupport

/// A minimal browser: stores cookies and submits forms, but follows no redirects.
package final class TestBrowser: Sendable {
    private let client: any TestClientProtocol
    private let jar = Mutex<[String: String]>([:])

    /// Makes a browser without cookies.
    package init(_ client: any TestClientProtocol) {
        self.client = client
    }

    /// The cookies by name; tests may read, remove or add them.
    package var cookies: [String: String] {
        get { jar.withLock { $0 } }
        set { jar.withLock { $0 = newValue } }
    }

    /// Sends GET.
    package func get(_ uri: String, accept: String = "text/html") async throws -> TestResponse {
        try await send(.get, uri, [.accept: accept], body: nil)
    }

    /// Sends HEAD.
    package func head(_ uri: String) async throws -> TestResponse {
        try await send(.head, uri, [:], body: nil)
    }

    /// Posts a form.
    package func post(
        _ uri: String, _ form: [(String, String)], headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = headers
        headers[.contentType] = "application/x-www-form-urlencoded"
        if headers[.accept] == nil { headers[.accept] = "text/html" }
        return try await send(.post, uri, headers, body: FormText.encode(form))
    }

    private func send(
        _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields, body: String?
    ) async throws -> TestResponse {
        var headers = headers
        let cookies = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if !cookies.isEmpty { headers[.cookie] = cookies.joined(separator: "; ") }
        return try await client.execute(
            uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        ) { response in
            for line in response.headers[values: .setCookie] { self.keep(line) }
            return response
        }
    }

    private func keep(_ line: String) {
        let parts = line.split(separator: ";").map { $0.drop { $0 == " " } }
        guard let pair = parts.first, let equals = pair.firstIndex(of: "=") else { return }
        let name = String(pair[..<equals])
        let value = parts.contains("Max-Age=0") ? nil : String(pair[equals...].dropFirst())
        jar.withLock { $0[name] = value }
    }
}

/// Form encoding.
package enum FormText {
    /// Encodes name-value pairs as `application/x-www-form-urlencoded`.
    package static func encode(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
    }

    /// Decodes the query of a URL; a repeated parameter keeps all its values.
    package static func decode(queryOf address: String) -> [String: [String]] {
        guard let mark = address.firstIndex(of: "?") else { return [:] }
        var found: [String: [String]] = [:]
        for pair in address[mark...].dropFirst().split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count == 2 ? String(halves[1]) : ""
            found[String(halves[0]), default: []].append(unescape(value))
        }
        return found
    }

    private static func escape(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(Character(.init(byte)))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private static func unescape(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
                continue
            }
            bytes.append(value)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TestResponse {
    /// The body as text.
    package var text: String { String(buffer: body) }

    /// Whether this is the page of this name; each template names its page.
    package func isPage(_ name: String) -> Bool { text.contains("<main id=\"\(name)-page\"") }

    /// The text at the beginning of the element with this id; nil when the page has no such element.
    package func element(_ id: String) -> String? {
        guard let mark = text.range(of: " id=\"\(id)\""), let end = text[mark.upperBound...].firstIndex(of: ">") else {
            return nil
        }
        return String(text[end...].dropFirst().prefix { $0 != "<" })
    }

    /// The value of the first input of this name, with decoded entities.
    package func input(_ name: String) -> String? {
        attribute("value", after: "name=\"\(name)\"")
    }

    /// The values of all inputs of this name.
    package func inputs(_ name: String) -> [String] {
        text.ranges(of: "name=\"\(name)\"").compactMap { Self.attribute("value", in: text[$0.upperBound...]) }
    }

    /// Whether the checkbox with this name and value is initially checked.
    package func isTicked(_ name: String, _ value: String) -> Bool {
        text.contains("name=\"\(name)\" value=\"\(value)\" checked")
    }

    /// The target of the link with the id `continue`.
    package var continuation: String? {
        guard let id = text.range(of: "id=\"continue\"") else { return nil }
        let start = text[..<id.lowerBound].lastIndex(of: "<") ?? text.startIndex
        return Self.attribute("href", in: text[start...])
    }

    private func attribute(_ attribute: String, after mark: String) -> String? {
        text.range(of: mark).flatMap { Self.attribute(attribute, in: text[$0.upperBound...]) }
    }

    private static func attribute(_ name: String, in text: Substring) -> String? {
        guard let start = text.range(of: "\(name)=\""), let end = text[start.upperBound...].firstIndex(of: "\"") else {
            return nil
        }
        return String(text[start.upperBound..<end])
            .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
    }
}
