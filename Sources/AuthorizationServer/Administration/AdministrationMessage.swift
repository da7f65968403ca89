import Foundation
import JOSE

/// The versioned form in which a request travels over the admin socket.
package struct AdministrationMessage: Codable, Hashable, Sendable {
    /// The only version there is.
    package static let currentVersion = 1

    /// Which version of this form it is.
    package var version: Int
    /// Who asks, as `SUDO_USER` claims it; the socket proves only the uid.
    package var claimed: String?
    /// The data that the request is meant for; a server with other data refuses it.
    package var data: DataFolder?
    /// What is asked.
    package var request: AdministrationRequest

    /// A message in the present version.
    package init(_ request: AdministrationRequest, claimed: String?, data: DataFolder? = nil) {
        version = Self.currentVersion
        self.claimed = claimed
        self.data = data
        self.request = request
    }

    /// Reads a message; another version or another shape is refused with a sentence.
    package init(parsing bytes: [UInt8]) throws(AdministrationError) {
        let decoder = JSONDecoder()
        let data = Data(bytes)
        guard let version = (try? decoder.decode(Version.self, from: data))?.version else {
            throw AdministrationError(.invalid, "The message is not an administration request.")
        }
        guard version == Self.currentVersion else {
            throw AdministrationError(
                .invalid,
                "The server speaks version \(Self.currentVersion) of administration, not \(version); "
                    + "use the gatehouse command of the server's own version.")
        }
        guard let message = try? decoder.decode(Self.self, from: data), message.says(all: bytes) else {
            throw AdministrationError(
                .invalid,
                "The server does not know this request; use the gatehouse command of the server's own version.")
        }
        self = message
    }

    /// Whether nothing of what was sent was passed over: a filter that this version does not know would end more sessions
    /// than were meant.
    private func says(all sent: [UInt8]) -> Bool {
        let limits = JSON.Limits(bytes: .max, members: .max)
        guard let sent = try? JSON.parse(sent, limits: limits).canonical(),
            let read = try? JSON.parse(bytes(), limits: limits).canonical()
        else { return false }
        return sent == read
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
