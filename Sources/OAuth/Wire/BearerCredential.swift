/// The access token of an `Authorization` header field.
///
/// Spec: RFC 6750 §2.1
/// Spec: RFC 9449 §7.1
package enum BearerCredential: Hashable, Sendable {
    /// No token: no field, or one of another scheme.
    case none
    case token(String)
    /// The scheme is right, but no single token follows.
    case malformed

    /// The authentication scheme in front of the token; the raw value is in lower case.
    package enum Scheme: String, Sendable {
        /// A token that its holder presents as it is.
        case bearer
        /// A token with a proof of possession beside it.
        case dpop
    }

    static let maximumLength = 8192

    /// Parses the field; another scheme counts as no token.
    package init(field: String?, scheme expected: Scheme = .bearer) {
        guard let field else {
            self = .none
            return
        }
        let bytes = Array(field.utf8)
        let scheme = bytes.prefix { $0 != UInt8(ascii: " ") }
        guard String(decoding: scheme, as: UTF8.self).lowercased() == expected.rawValue else {
            self = .none
            return
        }
        let token = bytes[scheme.count...].drop { $0 == UInt8(ascii: " ") }
        guard Self.isToken(token) else {
            self = .malformed
            return
        }
        self = .token(String(decoding: token, as: UTF8.self))
    }

    /// The token, if the field is one.
    package var token: String? { if case .token(let token) = self { token } else { nil } }

    /// The grammar's `b64token`, with padding at the end only.
    private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        let body = bytes.prefix { $0 != UInt8(ascii: "=") }
        return !body.isEmpty && bytes.count <= maximumLength && body.allSatisfy(isLetter)
            && bytes.dropFirst(body.count).allSatisfy { $0 == UInt8(ascii: "=") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/".utf8.contains(byte)
        }
    }
}
