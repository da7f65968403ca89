import JOSE
import OAuth
import ResourceServer

/// The tools of the server, and the one place where a call meets the scopes it needs.
struct Toolbox: Sendable {
    static let scopes = [
        ProtectedScope("files:read"), ProtectedScope("files:write", implies: ["files:read"], onRequest: true),
    ]

    let resource: ProtectedResource
    let tools: [Tool]

    init(resource: ProtectedResource, now: @escaping @Sendable () -> Int64) {
        let shelf = FileShelf()
        self.resource = resource
        tools = [Self.serverTime(now), Self.listFiles(shelf), Self.writeFile(shelf)]
    }

    var json: JSON { .array(tools.map(\.json)) }

    /// Runs a tool, if the token allows it.
    func answer(_ request: JSONRPCRequest, _ access: Access) async -> Answer {
        guard let tool = tools.first(where: { $0.name == request.parameters["name"]?.string }) else {
            return .failure(id: request.id, JSONRPCError(.invalidParameters, "There is no such tool."))
        }
        do throws(Refusal) {
            try resource.demand(tool.scopes, of: access)
        } catch {
            return .refused(error)
        }
        let arguments = request.parameters["arguments"]?.object ?? [:]
        switch await tool.run(arguments, access) {
        case .text(let text): return .result(id: request.id, Self.content(text, isError: false))
        case .failure(let text): return .result(id: request.id, Self.content(text, isError: true))
        }
    }

    private static func content(_ text: String, isError: Bool) -> JSONObject {
        ["content": [["type": "text", "text": .string(text)]], "isError": .bool(isError)]
    }

    private static func serverTime(_ now: @escaping @Sendable () -> Int64) -> Tool {
        Tool(
            name: "server_time", title: "Server time", description: "Tells what time it is at the server.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, _ in
            .text(Timestamp(seconds: now()).rfc3339)
        }
    }

    private static func listFiles(_ shelf: FileShelf) -> Tool {
        Tool(
            name: "list_files", title: "List files", description: "Lists the names of your files.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: ["files:read"]
        ) { _, access in
            .text(await shelf.names(of: access.subject).joined(separator: "\n"))
        }
    }

    private static func writeFile(_ shelf: FileShelf) -> Tool {
        Tool(
            name: "write_file", title: "Write a file", description: "Writes a text into one of your files.",
            inputSchema: [
                "type": "object", "required": ["name", "text"],
                "properties": ["name": ["type": "string"], "text": ["type": "string"]],
            ],
            scopes: ["files:write"]
        ) { arguments, access in
            guard let name = arguments["name"]?.string, let text = arguments["text"]?.string else {
                return .failure("Give the name and the text of the file.")
            }
            if let problem = await shelf.write(text, as: name, for: access.subject) { return .failure(problem) }
            return .text("Wrote \(text.utf8.count) bytes to \(name).")
        }
    }
}
