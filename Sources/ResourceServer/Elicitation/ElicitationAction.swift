import JOSE
import OAuth

/// An action for a user to approve: the text that the page shows and the arguments that the action will use.
///
/// Make it from the call itself, before the request and again before the action runs: the digests are compared.
public struct ElicitationAction: Sendable, Hashable {
    /// A line on the page, for example "File" and "plan.txt".
    public struct Detail: Sendable, Hashable {
        /// The label, at most 100 characters.
        public let label: String
        /// The value, at most 500 characters.
        public let value: String

        /// Makes a line.
        public init(_ label: String, _ value: String) {
            self.label = label
            self.value = value
        }
    }

    /// The name of the action, for example that of the tool.
    public var name: String { value.name }
    /// SHA-256 over the canonical JSON (RFC 8785) in base64url, computed alike here and at the authorization server.
    public var digest: String { value.digest.base64URL }

    let value: OAuth.ElicitationAction

    /// Makes an action. `arguments` is a JSON object in UTF-8; the page shows it below the details.
    public init(
        name: String, summary: String, details: [Detail] = [], arguments: [UInt8]? = nil
    ) throws(InvalidElicitation) {
        var object: JSONObject = ["name": .string(name), "summary": .string(summary)]
        if !details.isEmpty {
            object["details"] = .array(
                details.map { ["label": .string($0.label), "value": .string($0.value)] })
        }
        if let arguments {
            guard let members = try? JSONObject(parsing: arguments) else {
                throw InvalidElicitation("The arguments of the action must be one JSON object without duplicate names.")
            }
            object["arguments"] = .object(members)
        }
        do throws(OAuthError) {
            value = try OAuth.ElicitationAction(json: object)
        } catch {
            throw InvalidElicitation(error.description)
        }
    }
}
