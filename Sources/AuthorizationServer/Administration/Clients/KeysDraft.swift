import JOSE
import OAuth
import Outbound

/// The keys of a client or an MCP server to register, unchecked.
package enum KeysDraft: Codable, Hashable, Sendable {
    /// The text of a JWK set, or of one JWK.
    case set(String)
    /// The URL of a JWK set.
    case url(String)

    /// The checked keys. A set that holds a private, unsupported or malformed key is refused as a whole: an administrator learns of it
    /// here, and not from a client that cannot authenticate later.
    func checked() throws(AdministrationError) -> ClientKeys {
        switch self {
        case .url(let text):
            do throws(RemoteURLError) {
                return .url(try RemoteURL(operator: text).string)
            } catch {
                throw AdministrationError(.invalid, "The URL of the key set is refused: \(error).")
            }
        case .set(let text):
            guard let object = try? JSONObject(parsing: Array(text.utf8)) else {
                throw AdministrationError(.invalid, "The key file must hold a JWK set, or one JWK, as JSON.")
            }
            let set: JSONObject = object["kty"] == nil ? object : ["keys": [.object(object)]]
            for entry in set["keys"]?.array ?? [] { try Self.check(entry) }
            guard let keys = ClientKeys(set: set) else {
                throw AdministrationError(.invalid, "The key file must hold one to twenty public keys for signatures.")
            }
            return keys
        }
    }

    private static func check(_ entry: JSON) throws(AdministrationError) {
        guard let key = entry.object else { throw AdministrationError(.invalid, "\(KeyError.malformedSet)") }
        do throws(KeyError) {
            _ = try VerificationKey(JWK(json: key))
        } catch {
            throw AdministrationError(.invalid, "A key of the file is refused. \(error)")
        }
    }
}

extension ClientKeys {
    /// The keys for an administrator: the URL of the set, or the names of the keys.
    var summary: String {
        switch self {
        case .url(let url): return url
        case .inline(let bytes):
            let set = (try? JSONObject(parsing: bytes)).flatMap { try? JWKSet(json: $0) }
            return set?.keys.map { $0.kid ?? $0.thumbprint }.joined(separator: " ") ?? ""
        }
    }
}
