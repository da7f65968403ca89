import JOSE

/// The kinds of requests that a client says it can show to its user.
///
/// Spec: MCP 2025-11-25 §Elicitation
struct ClientCapabilities: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// The client opens links (URL elicitation).
    static let links = ClientCapabilities(rawValue: 1)
    /// The client shows forms (form elicitation).
    static let forms = ClientCapabilities(rawValue: 2)
    /// The client runs its model and lets the user review the text (sampling).
    static let sampling = ClientCapabilities(rawValue: 4)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Parses a client's capabilities. `elicitation` without modes predates the modes and means forms.
    init(_ capabilities: JSONObject?) {
        self = []
        if let elicitation = capabilities?["elicitation"]?.object {
            if elicitation["url"]?.object != nil { insert(.links) }
            if elicitation["form"]?.object != nil || elicitation["url"] == nil { insert(.forms) }
        }
        if capabilities?["sampling"]?.object != nil { insert(.sampling) }
    }
}
