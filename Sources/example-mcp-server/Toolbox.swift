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

    /// Without a way to ask people there is no tool that needs it.
    init(resource: ProtectedResource, canAsk: Bool, now: @escaping @Sendable () -> Int64) {
        let shelf = FileShelf()
        self.resource = resource
        let asking = canAsk ? [Self.deleteFile(shelf)] : []
        tools = [Self.serverTime(now), Self.listFiles(shelf), Self.writeFile(shelf)] + asking
    }

    var json: JSON { .array(tools.map(\.json)) }

    /// What a request for a tool comes to before anything runs.
    enum Admission {
        case call(ToolCall)
        case answer(Answer)
    }

    /// Finds the tool, if the token allows it.
    func admit(_ request: JSONRPCRequest, _ access: Access) -> Admission {
        guard let tool = tools.first(where: { $0.name == request.parameters["name"]?.string }) else {
            return .answer(.failure(id: request.id, JSONRPCError(.invalidParameters, "There is no such tool.")))
        }
        do throws(Refusal) {
            try resource.demand(tool.scopes, of: access)
        } catch {
            return .answer(.refused(error))
        }
        return .call(ToolCall(tool: tool, request: request, access: access))
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

    private static func deleteFile(_ shelf: FileShelf) -> Tool {
        Tool(
            name: "delete_file", title: "Delete a file",
            description: "Deletes one of your files, after you have approved it at the authorization server.",
            inputSchema: [
                "type": "object", "required": ["name"], "properties": ["name": ["type": "string"]],
            ],
            scopes: ["files:write"]
        ) { arguments, access in
            guard let name = arguments["name"]?.string, await shelf.holds(name, for: access.subject) else {
                return .pointless("There is no such file.")
            }
            guard
                let action = try? ElicitationAction(
                    name: "delete_file", summary: "Delete a file for good", details: [.init("File", name)],
                    arguments: arguments.bytes)
            else { return .pointless("The arguments cannot be shown to a person.") }
            return .confirm(action, message: "Approve that \(name) is deleted.")
        } run: { arguments, access in
            guard let name = arguments["name"]?.string, await shelf.delete(name, for: access.subject) else {
                return .failure("There is no such file.")
            }
            return .text("Deleted \(name).")
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
