import JOSE

/// What a client says that it can put to its person.
///
/// Spec: MCP 2025-11-25 §Elicitation
struct ClientCapabilities: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// It opens links.
    static let links = ClientCapabilities(rawValue: 1)
    /// It shows forms.
    static let forms = ClientCapabilities(rawValue: 2)
    /// It lets its model write, and its person look at that.
    static let sampling = ClientCapabilities(rawValue: 4)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Reads the capabilities of a client. An elicitation without modes is from before there were any, and means forms.
    init(_ capabilities: JSONObject?) {
        self = []
        if let elicitation = capabilities?["elicitation"]?.object {
            if elicitation["url"]?.object != nil { insert(.links) }
            if elicitation["form"]?.object != nil || elicitation["url"] == nil { insert(.forms) }
        }
        if capabilities?["sampling"]?.object != nil { insert(.sampling) }
    }
}
