import JOSE
import OAuth

/// One action that a person is to approve, in the words that they will read, and with the arguments that it will be done with.
///
/// Make it from the call that is about to run, both before asking and after the answer: the digests are compared.
public struct ElicitationAction: Sendable, Hashable {
    /// A line that the page shows, for example "File" and "plan.txt".
    public struct Detail: Sendable, Hashable {
        /// What it is, at most 100 characters.
        public let label: String
        /// Its value, at most 500 characters.
        public let value: String

        /// Describes a line.
        public init(_ label: String, _ value: String) {
            self.label = label
            self.value = value
        }
    }

    /// The name of the action, for example of the tool.
    public var name: String { value.name }
    /// SHA-256 over the canonical form (RFC 8785), in base64url: the same at the authorization server and here.
    public var digest: String { value.digest.base64URL }

    let value: OAuth.ElicitationAction

    /// Describes an action. `arguments` is a JSON object in UTF-8, which the page shows below the details.
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
                throw InvalidElicitation("Give the arguments of the action as one JSON object, with no name twice.")
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
