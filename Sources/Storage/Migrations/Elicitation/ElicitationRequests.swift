/// Columns for the whole request behind an idempotency key and for the claim that collected a result, and an index of the open
/// elicitations of an MCP server.
enum ElicitationRequests {
    static let statements = [
        "ALTER TABLE elicitations ADD COLUMN request_digest BLOB CHECK (length(request_digest) = 32)",
        "ALTER TABLE elicitations ADD COLUMN claim_digest BLOB CHECK (length(claim_digest) = 32)",
        """
        CREATE INDEX open_elicitations_by_resource ON elicitations (resource_id, created_at, id)
        WHERE status IN ('pending', 'opened')
        """,
    ]
}
