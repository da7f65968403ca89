/// Indexes that find the verification event of an MCP server, and its last delivery, among all its events.
enum EventIndexes {
    static let statements = [
        """
        CREATE INDEX verification_events ON events (resource_id, sequence)
        WHERE type = 'https://schemas.openid.net/secevent/ssf/event-type/verification'
        """,
        "CREATE INDEX delivered_events ON events (resource_id, settled_at) WHERE state = 'delivered'",
    ]
}
