import OAuth

/// The forms and links of an HTML page, as far as a scripted user needs them.
struct Page {
    /// A start tag with its attributes.
    struct Tag {
        let name: String
        let attributes: [String: String]
    }

    let tags: [Tag]

    init(_ html: String) {
        tags = html.split(separator: "<", omittingEmptySubsequences: false).dropFirst().compactMap { piece in
            guard let end = piece.firstIndex(of: ">") else { return nil }
            return Self.tag(piece[..<end])
        }
    }

    /// The tags up to the second form: the first form is the page's decision, a second one switches the account.
    private var form: ArraySlice<Tag> {
        let starts = tags.indices.filter { tags[$0].name == "form" }
        return tags[..<(starts.dropFirst().first ?? tags.endIndex)]
    }

    /// The target of the first form.
    var action: String? { tags.first { $0.name == "form" }?.attributes["action"] }

    /// The link that returns to the client.
    var wayOn: String? { tags.first { $0.name == "a" && $0.attributes["id"] == "continue" }?.attributes["href"] }

    /// The fields that a browser would send if the form were submitted unchanged: hidden, checked and preset inputs.
    var filledIn: [(String, String)] {
        form.compactMap { tag in
            guard tag.name == "input", let name = tag.attributes["name"], let value = tag.attributes["value"] else {
                return nil
            }
            let isChosen = ["hidden", nil].contains(tag.attributes["type"]) || tag.attributes["checked"] != nil
            return isChosen ? (name, value) : nil
        }
    }

    /// The names of the text and password inputs.
    var lines: [String] {
        tags.filter { $0.name == "input" && ["text", "password"].contains($0.attributes["type"]) }
            .compactMap { $0.attributes["name"] }
    }

    /// The values of all inputs of this name, checked or not.
    func values(of name: String) -> [String] {
        tags.filter { $0.name == "input" && $0.attributes["name"] == name }.compactMap { $0.attributes["value"] }
    }

    private static func tag(_ text: Substring) -> Tag? {
        let name = text.prefix { !$0.isWhitespace && $0 != "/" }
        guard !name.isEmpty else { return nil }
        var attributes: [String: String] = [:]
        var rest = text.dropFirst(name.count).drop { $0.isWhitespace }
        while !rest.isEmpty {
            let key = rest.prefix { !$0.isWhitespace && $0 != "=" }
            rest = rest.dropFirst(key.count)
            var value: Substring = ""
            if rest.hasPrefix("=\"") {
                value = rest.dropFirst(2).prefix { $0 != "\"" }
                rest = rest.dropFirst(value.count + 3)
            } else if rest.hasPrefix("=") {
                rest = rest.dropFirst()
            }
            if !key.isEmpty { attributes[key.lowercased()] = unescaped(value) }
            rest = rest.drop { $0.isWhitespace }
        }
        return Tag(name: name.lowercased(), attributes: attributes)
    }

    private static func unescaped(_ text: Substring) -> String {
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        return entities.reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
