/// A page of another site to which a person is sent with a ticket.
package struct ExternalURL: Hashable, Sendable {
    package let text: String
    /// In lower case, with the port where it is not 443: as policies list hosts.
    package let host: String
    private let query: String?

    /// Reads an https URL without a fragment and without a parameter `ticket`, which Gatehouse adds; an error says what is
    /// wrong behind the member's name.
    package init(_ text: String) throws(OAuthValueError) {
        guard let uri = try? StrictURI(text, called: "URL"), uri.scheme.lowercased() == "https",
            let authority = uri.authority
        else { throw OAuthValueError("has to be an https:// URL.") }
        guard uri.fragment == nil else { throw OAuthValueError("has to be without a fragment.") }
        let names = (uri.query ?? "").utf8.split(separator: UInt8(ascii: "&")).map { pair in
            PercentEncoding.decode(Array(pair.prefix { $0 != UInt8(ascii: "=") })[...])
        }
        guard !names.contains("ticket") else {
            throw OAuthValueError("has to be without the parameter ticket, which is added on the way.")
        }
        self.text = text
        let port = authority.port ?? 443
        host = authority.host.lowercased() + (port == 443 ? "" : ":\(port)")
        query = uri.query
    }

    /// The address that the person opens.
    package func carrying(ticket: String) -> String {
        switch query {
        case nil: text + "?ticket=" + ticket
        case "": text + "ticket=" + ticket
        default: text + "&ticket=" + ticket
        }
    }
}
