import JOSE

/// The result of a tool as a person reads it.
struct CallReport {
    let result: JSONObject

    /// Whether the tool reports a failure.
    var isFailure: Bool { result["isError"]?.bool ?? false }

    /// The lines: texts as they are, everything else by its kind.
    var text: String {
        let parts = (result["content"]?.array ?? []).compactMap(\.object).map(Self.line)
        let structured = parts.isEmpty ? result["structuredContent"].map { [Terminal.sanitised($0.text)] } ?? [] : []
        let lines = parts + structured
        return lines.isEmpty ? "The tool returned nothing." : lines.joined(separator: "\n")
    }

    private static func line(_ part: JSONObject) -> String {
        if let text = part["text"]?.string {
            return text.split(separator: "\n", omittingEmptySubsequences: false).map { Terminal.sanitised(String($0)) }
                .joined(separator: "\n")
        }
        let kind = Terminal.sanitised(part["type"]?.string ?? "part")
        let type = part["mimeType"]?.string.map { ", \(Terminal.sanitised($0))" } ?? ""
        let link = part["uri"]?.string.map { ", \(Terminal.sanitised($0))" } ?? ""
        return "[\(kind)\(type)\(link)]"
    }
}
