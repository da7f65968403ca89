import JOSE

/// The server's description in both protocol versions.
enum Server {
    static let information: JSONObject = [
        "name": "example-mcp-server", "title": "Gatehouse's example", "version": "0.1.0",
    ]
    static let introduction: JSONObject = [
        "capabilities": ["tools": [:]],
        "instructions": "Stores a few text files per user. Reading and writing need different scopes.",
    ]
}
