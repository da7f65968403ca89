import JOSE
import OAuth

/// The members of a valid metadata document that the server ignores.
struct IgnoredMetadata {
    private let id: ClientID
    private let members: JSONObject
    private let metadata: ClientMetadata

    init(_ id: ClientID, _ bytes: [UInt8], _ metadata: ClientMetadata) {
        self.id = id
        members = (try? JSONObject(parsing: bytes)) ?? [:]
        self.metadata = metadata
    }

    var findings: [Finding] { ownSchemes + unusable + methods }

    /// The listed redirects that the server ignores, in the document's order; nil for one that no client can use.
    private var ignoredRedirects: [(text: String, redirect: RedirectURI?)] {
        let used = Set(metadata.redirectURIs.map(\.string))
        let listed = members["redirect_uris"]?.array?.compactMap(\.string) ?? []
        return listed.filter { !used.contains($0) }.map { ($0, try? RedirectURI($0)) }
    }

    /// Redirects to an app's own scheme. A document cannot claim one, but an administrator can register it.
    private var ownSchemes: [Finding] {
        let own = ignoredRedirects.compactMap { $0.redirect }
        guard !own.isEmpty else { return [] }
        let command = ManualRegistration(id: id, redirects: metadata.redirectURIs + own)
        return [
            Finding(
                "redirect", .warning,
                "Ignored, because a document cannot claim an app's own scheme: \(Self.shown(own.map(\.string))). If the app "
                    + "needs it, register the client by hand: \(command)")
        ]
    }

    private var unusable: [Finding] {
        let others = ignoredRedirects.filter { $0.redirect == nil }.map { $0.text }
        guard !others.isEmpty else { return [] }
        return [
            Finding(
                "redirect", .warning,
                "Ignored, because a redirect URI must begin with https://, or with http:// on localhost: "
                    + "\(Self.shown(others)).")
        ]
    }

    private static func shown(_ texts: [String]) -> String {
        texts.prefix(5).map { String($0.prefix(200)) }.joined(separator: ", ")
    }

    private var methods: [Finding] {
        let single = members["token_endpoint_auth_method"]?.string.map { [$0] } ?? []
        let named = (members["token_endpoint_auth_methods_supported"]?.strings ?? single)
        let others = named.filter { !metadata.authMethods.map(\.rawValue).contains($0) }.prefix(8).map {
            String($0.prefix(64))
        }
        guard !others.isEmpty else { return [] }
        return [
            Finding("authentication", .ok, "Ignored authentication methods: \(others.joined(separator: ", ")).")
        ]
    }
}
