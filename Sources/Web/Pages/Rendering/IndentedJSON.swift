import JOSE

/// JSON in readable form: one member a line, nested values indented.
enum IndentedJSON {
    /// The text of `object`, with every name and value that it has.
    static func text(_ object: JSONObject) -> String {
        var output = ""
        write(.object(object), depth: 0, to: &output)
        return output
    }

    private static func write(_ value: JSON, depth: Int, to output: inout String) {
        switch value {
        case .object(let object) where !object.isEmpty:
            block(object.members, between: "{", "}", depth: depth, to: &output) { member, output in
                output += JSON.string(member.name).text + ": "
                write(member.value, depth: depth + 1, to: &output)
            }
        case .array(let values) where !values.isEmpty:
            block(values, between: "[", "]", depth: depth, to: &output) { write($0, depth: depth + 1, to: &$1) }
        case .null, .bool, .integer, .number, .string, .array, .object: output += value.text
        }
    }

    private static func block<Element>(
        _ elements: [Element], between opening: String, _ closing: String, depth: Int, to output: inout String,
        _ write: (Element, inout String) -> Void
    ) {
        output += opening
        for (index, element) in elements.enumerated() {
            output += (index > 0 ? ",\n" : "\n") + indent(depth + 1)
            write(element, &output)
        }
        output += "\n" + indent(depth) + closing
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}
