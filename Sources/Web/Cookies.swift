import HTTPTypes
package import Hummingbird

/// How this server's cookies are named, written and read.
///
/// Spec: RFC 6265 §4.1
package struct CookieRules: Sendable {
    private let isHTTPS: Bool
    private let suffix: String

    /// On https the names bear the prefix `__Host-` and the cookies are Secure; a loopback issuer on http has neither,
    /// since cookie jars other than browsers' do not take them there. Cookies know no ports, so there the names carry the
    /// port of the issuer (unless it is 80): two servers on `localhost` would sign each other's people out.
    package init(isHTTPS: Bool, port: Int) {
        self.isHTTPS = isHTTPS
        suffix = isHTTPS || port == 80 ? "" : "-\(port)"
    }

    /// The name on the wire.
    package func name(_ base: String) -> String {
        isHTTPS ? "__Host-" + base : base + suffix
    }

    /// The value of `Set-Cookie`; without `maxAge` the cookie ends with the browser.
    package func setting(_ base: String, to value: String, maxAge: Int64? = nil) -> String {
        precondition(value.utf8.allSatisfy(Self.isValueByte), "a cookie's value is a token of ours")
        let age = maxAge.map { "; Max-Age=\($0)" } ?? ""
        return "\(name(base))=\(value); Path=/\(age); HttpOnly; SameSite=Lax" + (isHTTPS ? "; Secure" : "")
    }

    /// The value of `Set-Cookie` that takes the cookie back.
    package func clearing(_ base: String) -> String {
        setting(base, to: "", maxAge: 0)
    }

    /// The cookie's value, if it was sent exactly once and well-formed.
    ///
    /// Of two cookies of one name, one was planted by somebody else, and their order does not tell which.
    package func value(of base: String, in request: Request) -> String? {
        value(of: base, in: request.headers[values: .cookie])
    }

    /// The same in the values of these `Cookie` fields.
    package func value(of base: String, in fields: [String]) -> String? {
        // Byte by byte: Swift takes U+037E for a semicolon, and U+212A for the letter K.
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

    /// base64url and the dot: all that this server ever puts into a cookie.
    private static func isValueByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
