import Foundation

/// A link from one page to another leads to a page, and to a heading of it, that are there.
enum LinkRule {
    /// What is wrong with the links of a page.
    ///
    /// - Parameters:
    ///   - page: a Markdown file.
    ///   - text: gives the text of a file by its path from the root, if there is one.
    static func violations(in page: RepositoryFile, text: (String) -> String?) -> [String] {
        targets(of: page.text).compactMap { target in
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let path = parts[0].isEmpty ? page.path : resolved(String(parts[0]), from: page.path)
            guard let found = text(path) else { return "\(page.path): \(target) leads nowhere" }
            guard parts.count == 2, !anchors(of: found).contains(String(parts[1])) else { return nil }
            return "\(page.path): \(target) names no heading"
        }
    }

    private static func targets(of text: String) -> [String] {
        let links = ["](", "src=\"", "srcset=\""].flatMap { opening in
            prose(of: text).components(separatedBy: opening).dropFirst().map { $0.prefix { !")\"".contains($0) } }
        }
        return links.map(String.init).filter { !$0.contains(":") && !$0.isEmpty }
    }

    /// The text without its blocks of code, in which nothing is a link or a heading.
    private static func prose(of text: String) -> String {
        text.components(separatedBy: "\n```").enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
            .joined(separator: "\n")
    }

    /// The names that a heading is reached by: its words in small letters with hyphens between them, and the names that the text
    /// gives to other places.
    private static func anchors(of text: String) -> Set<String> {
        let headings = prose(of: text).split(separator: "\n").filter { $0.hasPrefix("#") }
        let named = prose(of: text).components(separatedBy: "<a id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
        return Set(named.map(String.init)).union(
            headings.map { heading in
                let words = heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                return String(
                    words.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.map { $0 == " " ? "-" : $0 })
            })
    }

    private static func resolved(_ target: String, from page: String) -> String {
        var folders = page.split(separator: "/").dropLast().map(String.init)
        for part in target.split(separator: "/") {
            if part == ".." { _ = folders.popLast() } else { folders.append(String(part)) }
        }
        return folders.joined(separator: "/")
    }
}
