import JOSE

/// The end of something that an MCP server creates: after so many seconds (`expires_in`) or at a time (`expires_at`).
enum RequestedEnd {
    static let members = ["expires_in", "expires_at"]

    /// Reads the end, which has to lie so many seconds after `now`; nil without either member.
    static func read(
        _ reader: MemberReader, within lifetimes: ClosedRange<Int64>, now: Timestamp
    ) throws(OAuthError) -> Timestamp? {
        guard reader.value("expires_at") != nil else {
            return try reader.integerIfAny("expires_in", in: lifetimes).map { now + $0 }
        }
        guard reader.value("expires_in") == nil else {
            throw reader.refusal("expires_at", "cannot be combined with expires_in; send one of them.")
        }
        guard let end = try reader.timeIfAny("expires_at") else { return nil }
        guard lifetimes.contains(end - now) else {
            // With the server's time, because a wrong clock is the likely cause.
            throw reader.refusal(
                "expires_at",
                "must lie \(lifetimes.lowerBound) to \(lifetimes.upperBound) seconds ahead; it is \(now) here.")
        }
        return end
    }
}
