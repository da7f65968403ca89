package import JOSE

/// The request of an MCP server for a fresh sign-in at the next approval.
package struct SignInDemandRequest: Sendable {
    /// The ages that an MCP server may require, in seconds.
    package static let ages: ClosedRange<Int64> = 0...43_200

    /// The greatest age of the sign-in at the approval, in seconds.
    package let maxAge: Int64

    /// Reads the body; an unknown member is refused.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        try reader.allowOnly(["max_age"])
        guard let age = try reader.integerIfAny("max_age", in: Self.ages) else {
            throw reader.refusal("max_age", "is missing.")
        }
        maxAge = age
    }
}
