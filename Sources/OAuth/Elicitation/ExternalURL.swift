/// The URL of a page of another site, to which a user is sent with a ticket.
package struct ExternalURL: Hashable, Sendable {
    /// The URL as the MCP server sent it.
    package let text: String
    /// The host in lower case, with the port unless it is 443, as policies list hosts.
    package let host: String
    private let query: String?

    /// Reads an https URL without a fragment and without a parameter `ticket`, which Gatehouse adds. The sentence of an
    /// error begins behind the name of the member.
    package init(_ text: String) throws(OAuthValueError) {
        guard let uri = try? StrictURI(text, called: "URL"), uri.scheme.lowercased() == "https",
            let authority = uri.authority
        else { throw OAuthValueError("must be an https:// URL.") }
        guard uri.fragment == nil else { throw OAuthValueError("must not have a fragment.") }
        let names = (uri.query ?? "").utf8.split(separator: UInt8(ascii: "&")).map { pair in
            PercentEncoding.decode(Array(pair.prefix { $0 != UInt8(ascii: "=") })[...])
        }
        guard !names.contains("ticket") else {
            throw OAuthValueError("must not have a parameter ticket, because Gatehouse adds one.")
        }
        self.text = text
        let port = authority.port ?? 443
        host = authority.host.lowercased() + (port == 443 ? "" : ":\(port)")
        query = uri.query
    }

    /// The URL with a ticket.
    package func carrying(ticket: String) -> String {
        switch query {
        case nil: text + "?ticket=" + ticket
        case "": text + "ticket=" + ticket
        default: text + "&ticket=" + ticket
        }
    }
}
