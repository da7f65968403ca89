/// The page of a list that a request asks for.
package struct PageRequest: Codable, Hashable, Sendable {
    /// The default number of rows.
    package static let usual = 100
    /// The maximum number of rows, which bounds the memory of the server.
    package static let most = 1_000

    /// The maximum number of rows.
    package var limit: Int
    /// The cursor from the end of the previous page; nil for the first page.
    package var after: String?

    /// The first page by default.
    package init(limit: Int = usual, after: String? = nil) {
        self.limit = limit
        self.after = after
    }
}

/// A page of a list, with its cursor and its warning.
struct Page<Item> {
    let items: [Item]
    /// The cursor of the next page; nil on the last page.
    let next: String?
    /// That there are more results and how to list them, or that there are none; nil otherwise.
    let warning: String?

    /// Reads one item more than the page shows, to find out whether there are more. `thing` names an item in the warning, and
    /// `place` returns the cursor after an item, which `--after` accepts.
    init(
        _ request: PageRequest, of thing: String, read: (Int) throws -> [Item], place: (Item) -> String
    ) throws {
        guard (1...PageRequest.most).contains(request.limit) else {
            throw AdministrationError(.invalid, "The limit must be between 1 and \(PageRequest.most) rows.")
        }
        let results = try read(request.limit + 1)
        items = Array(results.prefix(request.limit))
        next = results.count > items.count ? items.last.map(place) : nil
        if !items.isEmpty {
            // The cursor ends the line, so that nothing is copied with it.
            warning = next.map { "More results available. All: --all. Next page: --after \(ShellWord.quoted($0))" }
        } else {
            warning = request.after == nil ? "No matching \(thing)s." : "No further \(thing)s."
        }
    }
}

extension PageRequest {
    /// The row after which the page begins, as `find` returns it; nil for the first page. An unknown cursor is an error, so that a
    /// script never skips rows.
    func place<Place>(_ find: (String) throws -> Place?) throws -> Place? {
        guard let after else { return nil }
        guard let place = try find(after) else {
            throw AdministrationError(
                .invalid, "Row '\(after)' for --after not found. Omit --after to start from the beginning.")
        }
        return place
    }
}

/// Quotes a word for a shell.
enum ShellWord {
    static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
                || "-_.@:/".utf8.contains(byte)
        }
        return isPlain && !text.isEmpty ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
