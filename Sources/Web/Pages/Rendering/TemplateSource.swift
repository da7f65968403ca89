/// The tags of one template, checked for what Mustache itself permits: raw output and unknown names.
struct TemplateSource {
    /// A tag between `{{` and `}}`.
    struct Tag {
        enum Kind {
            case value
            case part
        }

        let kind: Kind
        let name: String
    }

    let name: String
    let tags: [Tag]

    /// Parses the tags; throws for every form that can write without escaping: `{{{x}}}`, `{{&x}}`, other delimiters, pragmas,
    /// functions, and partials whose names are values.
    init(name: String, text: String) throws(TemplateError) {
        var tags: [Tag] = []
        var rest = Substring(text)
        while let start = Self.end(of: "{{", in: rest) {
            rest = rest[start...]
            let mark = rest.drop(while: \.isWhitespace).first
            guard let end = Self.start(of: "}}", in: rest) else {
                throw TemplateError("The template '\(name)' has a '{{' that is never closed: close it with '}}'.")
            }
            if let tag = try Self.tag(rest[..<end], mark: mark, template: name) { tags.append(tag) }
            rest = rest[end...].dropFirst(2)
        }
        self.name = name
        self.tags = tags
    }

    /// The tag between two braces; nil for comments, ends and blocks, which show nothing by themselves.
    private static func tag(_ text: Substring, mark: Character?, template: String) throws(TemplateError) -> Tag? {
        let inner = text.drop(while: \.isWhitespace)
        switch mark {
        case "{", "&", "=", "%":
            throw TemplateError(
                "The template '\(template)' writes without escaping in '{{\(text)}}': use the plain form {{name}} alone."
            )
        case "!", "/", "$":
            return nil
        case ">", "<":
            return Tag(kind: .part, name: try plain(inner.dropFirst(), template))
        case "#", "^":
            return Tag(kind: .value, name: try plain(inner.dropFirst(), template))
        default:
            return Tag(kind: .value, name: try plain(inner, template))
        }
    }

    /// A name without functions and indirection: letters, digits, dots, dashes, slashes and underscores.
    private static func plain(_ text: Substring, _ template: String) throws(TemplateError) -> String {
        let name = text.filter { !$0.isWhitespace }
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F: true
            default: false
            }
        }
        guard allowed, !name.isEmpty else {
            throw TemplateError("The template '\(template)' uses '{{\(text)}}': only plain names may stand in a tag.")
        }
        return name
    }

    private static func start(of mark: String, in text: Substring) -> Substring.Index? {
        var rest = text
        while !rest.isEmpty {
            if rest.hasPrefix(mark) { return rest.startIndex }
            rest = rest.dropFirst()
        }
        return nil
    }

    private static func end(of mark: String, in text: Substring) -> Substring.Index? {
        start(of: mark, in: text).map { text.index($0, offsetBy: mark.count) }
    }
}

/// The error for unusable templates: one sentence with the file, the problem and the remedy.
package struct TemplateError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
