import JOSE
import ResourceServer

/// The tools for files; a deletion needs the user's approval.
enum FileTools {
    static func listFiles(_ shelf: FileStore) -> Tool {
        Tool(
            name: "list_files", title: "List files", description: "Lists the names of your files.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: ["files:read"]
        ) { _, access, _ in
            .text(await shelf.names(of: access.subject).joined(separator: "\n"))
        }
    }

    static func writeFile(_ shelf: FileStore) -> Tool {
        Tool(
            name: "write_file", title: "Write a file",
            description: "Writes text to one of your files and replaces its content.",
            inputSchema: [
                "type": "object", "required": ["name", "text"],
                "properties": ["name": ["type": "string"], "text": ["type": "string"]],
            ],
            scopes: ["files:write"]
        ) { arguments, access, _ in
            guard let name = arguments["name"]?.string, let text = arguments["text"]?.string else {
                return .failure("Give the name and the text of the file.")
            }
            if let problem = await shelf.write(text, as: name, for: access.subject) { return .failure(problem) }
            return .text("Wrote \(text.utf8.count) bytes to \(name).")
        }
    }

    static func deleteFile(_ shelf: FileStore) -> Tool {
        Tool(
            name: "delete_file", title: "Delete a file",
            description: "Deletes one of your files after you approve the deletion at the authorization server.",
            inputSchema: [
                "type": "object", "required": ["name"], "properties": ["name": ["type": "string"]],
            ],
            scopes: ["files:write"]
        ) { arguments, access, given in
            guard let name = arguments["name"]?.string, await shelf.holds(name, for: access.subject) else {
                return .failure("File not found.")
            }
            guard case .result(.approval) = given else { return deletion(of: name, arguments) }
            return await shelf.delete(name, for: access.subject)
                ? .text("Deleted \(name).") : .failure("File not found.")
        }
    }

    private static func deletion(of name: String, _ arguments: JSONObject) -> Tool.Outcome {
        guard
            let action = try? ElicitationAction(
                name: "delete_file", summary: "Delete a file permanently", details: [.init("File", name)],
                arguments: arguments.bytes)
        else { return .failure("The approval page cannot show these arguments.") }
        return .asks(.confirm(action, message: "Approve the deletion of \(name)."))
    }
}
