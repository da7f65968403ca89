/// Which piece of a list is asked for.
package struct PageRequest: Codable, Hashable, Sendable {
    /// How long a page is when nobody says.
    package static let usual = 100
    /// How long a page can be: what is longer helps nobody and must not fill the memory.
    package static let most = 1_000

    /// How many rows at most.
    package var limit: Int
    /// Where the page before ended, in the words in which it said so.
    package var after: String?

    /// The first page, unless another is meant.
    package init(limit: Int = usual, after: String? = nil) {
        self.limit = limit
        self.after = after
    }
}

/// A piece of a list, and what is said about the rest of it.
struct Page<Item> {
    let items: [Item]
    /// Where the next page begins, if there is one.
    let next: String?
    /// That there are more and how to see them, or that there are none.
    let warning: String?

    /// Reads one more than is shown, which tells whether there are more. `thing` is what the list is of, `place` names where
    /// an item stands in words that `--after` takes.
    init(
        _ request: PageRequest, of thing: String, read: (Int) throws -> [Item], place: (Item) -> String
    ) throws {
        guard (1...PageRequest.most).contains(request.limit) else {
            throw AdministrationError(.invalid, "A page has from 1 to \(PageRequest.most) rows.")
        }
        let found = try read(request.limit + 1)
        items = Array(found.prefix(request.limit))
        next = found.count > items.count ? items.last.map(place) : nil
        if !items.isEmpty {
            warning = next.map {
                "There are more; --all shows them all; for the next ones add --after \(ShellWord.quoted($0))."
            }
        } else {
            warning = request.after == nil ? "No \(thing) matches." : "No \(thing) comes after that."
        }
    }
}

extension PageRequest {
    /// What the page begins behind, as `find` knows it; a place that is not there is refused, so that no piece goes missing.
    func place<Place>(_ find: (String) throws -> Place?) throws -> Place? {
        guard let after else { return nil }
        guard let place = try find(after) else {
            throw AdministrationError(
                .invalid,
                "The list cannot go on after '\(after)', which is not there; leave --after out to begin again.")
        }
        return place
    }
}

/// A word as a shell takes it.
enum ShellWord {
    static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
                || "-_.@:/".utf8.contains(byte)
        }
        return isPlain && !text.isEmpty ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
