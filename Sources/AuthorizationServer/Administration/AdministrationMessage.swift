import Foundation
import JOSE

/// A request as JSON on the admin socket, with its version.
package struct AdministrationMessage: Codable, Hashable, Sendable {
    /// The only version so far.
    package static let currentVersion = 1

    /// The version of the message format.
    package var version: Int
    /// The name that the caller claims (`SUDO_USER`); the socket proves only the uid.
    package var claimed: String?
    /// The data folder that the request is meant for; a server with another one refuses it.
    package var data: DataFolder?
    /// The reason that the caller states, for the audit trail.
    package var reason: String?
    /// The request.
    package var request: AdministrationRequest

    /// A message in the current version.
    package init(
        _ request: AdministrationRequest, claimed: String?, data: DataFolder? = nil, reason: String? = nil
    ) {
        version = Self.currentVersion
        self.claimed = claimed
        self.data = data
        self.reason = reason
        self.request = request
    }

    /// Parses a message. Another version and an unknown request are errors.
    package init(parsing bytes: [UInt8]) throws(AdministrationError) {
        let decoder = JSONDecoder()
        let data = Data(bytes)
        guard let version = (try? decoder.decode(Version.self, from: data))?.version else {
            throw AdministrationError(.invalid, "The message is not an administration request.")
        }
        guard version == Self.currentVersion else {
            throw AdministrationError(
                .invalid,
                "The server accepts version \(Self.currentVersion) of administration requests, not \(version). "
                    + "Use the gatehouse command of the server's version.")
        }
        guard let message = try? decoder.decode(Self.self, from: data), message.containsAll(of: bytes) else {
            throw AdministrationError(
                .invalid, "The server does not know this request. Use the gatehouse command of the server's version.")
        }
        self = message
    }

    /// Whether decoding dropped no member. `JSONDecoder` ignores unknown ones; an unknown filter would revoke more sessions than
    /// the operator selected.
    private func containsAll(of sent: [UInt8]) -> Bool {
        let limits = JSON.Limits(bytes: .max, members: .max)
        guard let sent = try? JSON.parse(sent, limits: limits).canonical(),
            let decoded = try? JSON.parse(bytes(), limits: limits).canonical()
        else { return false }
        return sent == decoded
    }

    /// The message as JSON.
    package func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }

    private struct Version: Decodable {
        let version: Int
    }
}
