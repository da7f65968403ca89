package import JOSE
import OAuth
import Outbound

/// What a user says about a link before it is opened; the raw value is the word of the protocol.
///
/// Spec: MCP 2025-11-25 §Elicitation
package enum LinkAnswer: String, Sendable {
    /// The link is with the user.
    case accept
    /// The user does not want to open it.
    case decline
}

/// A link that an MCP server asks its user to open (URL-mode elicitation).
///
/// Spec: MCP 2025-11-25 §Elicitation
package struct LinkRequest: Hashable, Sendable {
    /// The link.
    package let url: String
    /// What the MCP server says about it, for the user.
    package let message: String

    /// Reads the parameters of a request. A form is refused, because this client fills in none, and so is a link that no browser
    /// should get from a stranger.
    package init(_ parameters: JSONObject?) throws(ClientFailure) {
        guard parameters?["mode"]?.string == "url", let url = parameters?["url"]?.string else {
            throw ClientFailure(
                "The tool asks for a form, and this client shows links only. Call the tool from a client with forms.")
        }
        do throws(RemoteURLError) {
            _ = try RemoteURL(operator: url)
        } catch {
            throw ClientFailure("The tool asks to open a link that is not opened: \(error).")
        }
        self.url = url
        message = parameters?["message"]?.string ?? ""
    }
}
