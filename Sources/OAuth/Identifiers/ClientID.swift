/// The identifier of a client: registered here, or the URL of its own metadata document.
///
/// Compared as a plain string, never normalised.
///
/// Spec: RFC 6749 §2.2
/// Spec: Client ID Metadata Document §3
package struct ClientID: Hashable, Sendable, CustomStringConvertible {
    /// The source of the client's metadata.
    package enum Kind: Hashable, Sendable {
        /// A registration by an administrator.
        case registered
        /// The metadata document at this URL, on this host (lower case, without port).
        case document(host: String)
    }

    static let maximumRegisteredLength = 256

    /// The identifier as the client sends it.
    package let string: String
    /// The source of the client's metadata.
    package let kind: Kind
    /// The host of the document's URL for display, with a port other than 443, behind which another server may stand. Rules apply
    /// to the host alone.
    package let shownHost: String?

    /// Parses an identifier; one that begins with a web scheme must be a valid document URL.
    package init(_ text: String) throws(OAuthValueError) {
        let start = text.prefix(6).lowercased()
        if start == "https:" || start.hasPrefix("http:") {
            let authority = try Self.document(text)
            kind = .document(host: authority.host)
            shownHost = authority.shown(defaultPort: 443)
        } else {
            kind = try Self.registered(text)
            shownHost = nil
        }
        string = text
    }

    /// Whether this is the URL of a metadata document.
    package var isDocument: Bool { kind != .registered }

    /// The host of the document's URL; nil for a registered client.
    package var documentHost: String? {
        guard case .document(let host) = kind else { return nil }
        return host
    }

    /// Scheme, host and port of the document's URL, as spelled there; nil for a registered client.
    package var documentOrigin: String? {
        guard isDocument else { return nil }
        let scheme = "https://".utf8.count
        return String(string.prefix(scheme) + string.dropFirst(scheme).prefix { $0 != "/" })
    }

    /// The identifier itself.
    package var description: String { string }

    private static func registered(_ text: String) throws(OAuthValueError) -> Kind {
        let bytes = text.utf8
        guard (1...maximumRegisteredLength).contains(bytes.count),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && !"\"\\<>".utf8.contains($0) })
        else {
            throw OAuthValueError(
                "A client_id is 1 to \(maximumRegisteredLength) visible ASCII characters without blanks, quotes, "
                    + "backslashes and angle brackets.")
        }
        return .registered
    }

    private static func document(_ text: String) throws(OAuthValueError) -> StrictURI.Authority {
        let uri = try StrictURI(text, called: "client_id")
        guard uri.scheme == "https", let authority = uri.authority else {
            throw OAuthValueError("A client_id that is a URL must begin with https:// in lower case.")
        }
        guard uri.fragment == nil else {
            throw OAuthValueError("Leave the fragment out of the client_id.")
        }
        guard !uri.path.isEmpty else {
            throw OAuthValueError("A client_id that is a URL needs a path, for example /client.json.")
        }
        guard !uri.hasDotSegments else {
            throw OAuthValueError("Leave . and .. segments out of the path of the client_id.")
        }
        // One spelling per host, so that no other spelling evades a rule for the host.
        guard authority.host == authority.host.lowercased(), authority.port != 443 else {
            throw OAuthValueError("Write the host of the client_id in lower case and without the default port.")
        }
        return authority
    }
}
