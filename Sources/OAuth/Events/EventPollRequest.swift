package import JOSE

/// What an MCP server asks at the poll endpoint: which events it has, which it cannot use, and for more.
///
/// Spec: RFC 8936 §2.4
package struct EventPollRequest: Sendable {
    /// The most that one answer holds.
    package static let longestAnswer = 100

    /// How many events the answer may hold; 0 only acknowledges.
    package let maximum: Int
    /// Whether an empty answer comes at once instead of waiting for events.
    package let returnsImmediately: Bool
    /// The events that the MCP server has.
    package let acknowledged: [EventID]
    /// The events that it could not use, and the error it names.
    package let errors: [(id: EventID, code: String)]

    /// Reads the body; members that the specification does not know are passed over.
    package init(json: JSONObject) throws(OAuthError) {
        maximum = try Self.maximum(json["maxEvents"])
        returnsImmediately = try Self.flag(json["returnImmediately"])
        acknowledged = try Self.acknowledged(json["ack"])
        errors = try Self.errors(json["setErrs"])
    }

    private static func maximum(_ value: JSON?) throws(OAuthError) -> Int {
        guard let value else { return longestAnswer }
        guard let number = value.integer, number >= 0 else {
            throw OAuthError(.invalidRequest, "maxEvents has to be a whole number that is not negative.")
        }
        return Int(min(number, Int64(longestAnswer)))
    }

    private static func flag(_ value: JSON?) throws(OAuthError) -> Bool {
        guard let value else { return false }
        guard let flag = value.bool else { throw OAuthError(.invalidRequest, "returnImmediately is true or false.") }
        return flag
    }

    /// Ids of another form are of no event here, as are unknown ones: both are passed over.
    private static func acknowledged(_ value: JSON?) throws(OAuthError) -> [EventID] {
        guard let value else { return [] }
        guard let texts = value.strings else {
            throw OAuthError(.invalidRequest, "ack has to be a list of jti values.")
        }
        return texts.compactMap { EventID($0) }
    }

    private static func errors(_ value: JSON?) throws(OAuthError) -> [(id: EventID, code: String)] {
        guard let value else { return [] }
        guard let object = value.object else {
            throw OAuthError(.invalidRequest, "setErrs has to be an object with a jti as the name of each member.")
        }
        var errors: [(id: EventID, code: String)] = []
        for (name, error) in object.members {
            guard let code = error.object?["err"]?.string else {
                throw OAuthError(
                    .invalidRequest, "Each member of setErrs has to be an object with err and description.")
            }
            if let id = EventID(name) { errors.append((id, code)) }
        }
        return errors
    }
}
