package import JOSE

/// A request to go on to a page of the MCP server.
package struct ExternalRequest: ElicitationKindRequest {
    package static let kind = ElicitationKind.external
    package static let members = ["url"]

    /// The URL of the page.
    package let url: ExternalURL

    /// Reads the member `url`.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        let text = try reader.text("url", limit: 2000)
        do throws(OAuthValueError) {
            url = try ExternalURL(text)
        } catch {
            throw reader.refusal("url", error.sentence)
        }
    }

    package var json: JSONObject { ["url": .string(url.text)] }
}
