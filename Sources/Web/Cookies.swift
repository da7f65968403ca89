import HTTPTypes
package import Hummingbird

/// The rules by which Gatehouse names, writes and reads its cookies.
///
/// Spec: RFC 6265 §4.1
package struct CookieRules: Sendable {
    private let isHTTPS: Bool
    private let suffix: String

    /// On https, names have the prefix `__Host-` and cookies are Secure. A loopback issuer on http has neither, because
    /// cookie jars outside of browsers reject them there. Cookies ignore ports, so names on http contain the issuer's port
    /// unless it is 80: otherwise two servers on `localhost` would sign each other's users out.
    package init(isHTTPS: Bool, port: Int) {
        self.isHTTPS = isHTTPS
        suffix = isHTTPS || port == 80 ? "" : "-\(port)"
    }

    /// The name on the wire.
    package func name(_ base: String) -> String {
        isHTTPS ? "__Host-" + base : base + suffix
    }

    /// The value of `Set-Cookie`; `maxAge` is in seconds, and without it the cookie ends with the browser.
    package func setting(_ base: String, to value: String, maxAge: Int64? = nil) -> String {
        precondition(value.utf8.allSatisfy(Self.isValueByte), "a cookie's value is base64url")
        let age = maxAge.map { "; Max-Age=\($0)" } ?? ""
        return "\(name(base))=\(value); Path=/\(age); HttpOnly; SameSite=Lax" + (isHTTPS ? "; Secure" : "")
    }

    /// The value of `Set-Cookie` that deletes the cookie.
    package func clearing(_ base: String) -> String {
        setting(base, to: "", maxAge: 0)
    }

    /// The value of the cookie, if the request has it exactly once and well-formed.
    ///
    /// Of two cookies with one name, an attacker planted one, for example from a sibling domain. Their order does not tell
    /// which, so neither counts.
    package func value(of base: String, in request: Request) -> String? {
        value(of: base, in: request.headers[values: .cookie])
    }

    /// The value of the cookie in these `Cookie` fields, under the same conditions.
    package func value(of base: String, in fields: [String]) -> String? {
        // Compared as bytes: Swift's strings equate U+037E with a semicolon and U+212A with the letter K.
        let name = Array((name(base) + "=").utf8)
        var found: ArraySlice<UInt8>?
        for pair in fields.lazy.flatMap({ Array($0.utf8).split(separator: UInt8(ascii: ";")) }) {
            let pair = pair.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard pair.starts(with: name) else { continue }
            guard found == nil else { return nil }
            found = pair.dropFirst(name.count)
        }
        guard let found, !found.isEmpty, found.count <= 4096, found.allSatisfy(Self.isValueByte) else { return nil }
        return String(decoding: found, as: UTF8.self)
    }

    /// base64url and the dot: Gatehouse writes no other characters into a cookie.
    private static func isValueByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
