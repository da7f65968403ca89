import JOSE
import OAuth

/// What a good document says and what nothing here comes of.
struct DocumentLeftovers {
    private let members: JSONObject
    private let metadata: ClientMetadata

    init(_ bytes: [UInt8], _ metadata: ClientMetadata) {
        members = (try? JSONObject(parsing: bytes)) ?? [:]
        self.metadata = metadata
    }

    var findings: [Finding] { redirects + methods }

    private var redirects: [Finding] {
        let used = Set(metadata.redirectURIs.map(\.string))
        let others = (members["redirect_uris"]?.strings ?? []).filter { !used.contains($0) }
        guard !others.isEmpty else { return [] }
        let shown = others.prefix(5).map { String($0.prefix(200)) }.joined(separator: ", ")
        return [
            Finding(
                "redirect", .warning,
                "Passed over, because a document can claim https:// and loopback addresses alone: \(shown). "
                    + "'gatehouse clients add' registers a client by hand.")
        ]
    }

    private var methods: [Finding] {
        let single = members["token_endpoint_auth_method"]?.string.map { [$0] } ?? []
        let named = (members["token_endpoint_auth_methods_supported"]?.strings ?? single)
        let others = named.filter { $0 != metadata.authMethod.rawValue }.prefix(8).map { String($0.prefix(64)) }
        guard !others.isEmpty else { return [] }
        return [
            Finding("authentication", .ok, "It offers \(others.joined(separator: ", ")) too, which is not used here.")
        ]
    }
}
