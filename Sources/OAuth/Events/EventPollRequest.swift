package import JOSE

/// The request of an MCP server at the poll endpoint: it acknowledges events, reports errors and asks for more.
///
/// Spec: RFC 8936 §2.4
package struct EventPollRequest: Sendable {
    /// The largest number of events in one answer.
    package static let longestAnswer = 100

    /// How many events the answer may hold; 0 for a request that only acknowledges.
    package let maximum: Int
    /// Whether the answer comes at once even if it holds no events.
    package let returnsImmediately: Bool
    /// The events that the MCP server has received.
    package let acknowledged: [EventID]
    /// The events that the MCP server cannot use, with the error code of each.
    package let errors: [(id: EventID, code: String)]

    /// Reads the body; unknown members are ignored.
    package init(json: JSONObject) throws(OAuthError) {
        maximum = try Self.maximum(json["maxEvents"])
        returnsImmediately = try Self.flag(json["returnImmediately"])
        acknowledged = try Self.acknowledged(json["ack"])
        errors = try Self.errors(json["setErrs"])
    }

    private static func maximum(_ value: JSON?) throws(OAuthError) -> Int {
        guard let value else { return longestAnswer }
        guard let number = value.integer, number >= 0 else {
            throw OAuthError(.invalidRequest, "maxEvents must be a whole number of at least 0.")
        }
        return Int(min(number, Int64(longestAnswer)))
    }

    private static func flag(_ value: JSON?) throws(OAuthError) -> Bool {
        guard let value else { return false }
        guard let flag = value.bool else {
            throw OAuthError(.invalidRequest, "returnImmediately must be true or false.")
        }
        return flag
    }

    /// Malformed ids are ignored, like unknown ones: neither names an event.
    private static func acknowledged(_ value: JSON?) throws(OAuthError) -> [EventID] {
        guard let value else { return [] }
        guard let texts = value.strings else {
            throw OAuthError(.invalidRequest, "ack must be an array of jti values.")
        }
        return texts.compactMap { EventID($0) }
    }

    private static func errors(_ value: JSON?) throws(OAuthError) -> [(id: EventID, code: String)] {
        guard let value else { return [] }
        guard let object = value.object else {
            throw OAuthError(.invalidRequest, "setErrs must be an object whose member names are jti values.")
        }
        var errors: [(id: EventID, code: String)] = []
        for (name, error) in object.members {
            guard let code = error.object?["err"]?.string else {
                throw OAuthError(
                    .invalidRequest, "Each member of setErrs must be an object with err and description.")
            }
            if let id = EventID(name) { errors.append((id, code)) }
        }
        return errors
    }
}
