import JOSE

/// What the server says about itself.
enum Server {
    static let information: JSONObject = [
        "name": "example-mcp-server", "title": "Gatehouse's example", "version": "0.1.0",
    ]
    static let introduction: JSONObject = [
        "capabilities": ["tools": [:]],
        "instructions": "A small shelf of text files. Listing it and writing to it need different scopes.",
    ]
}
