/// Each user's text files, in memory and bounded.
actor FileStore {
    /// Bounds memory: this example persists nothing.
    static let maximumUsers = 1000
    static let maximumFiles = 20
    static let maximumText = 4096

    private var files: [String: [String: String]] = [:]

    /// The sorted names of a user's files.
    func names(of user: String) -> [String] {
        (files[user] ?? Self.first).keys.sorted()
    }

    /// Writes a file; returns nil on success, else the reason in one sentence.
    func write(_ text: String, as name: String, for user: String) -> String? {
        guard Self.isName(name) else {
            return "A file name consists of 1 to 64 letters, digits, dots, dashes and underscores."
        }
        guard text.utf8.count <= Self.maximumText else { return "A file holds at most \(Self.maximumText) bytes." }
        var shelf = files[user] ?? Self.first
        guard shelf[name] != nil || shelf.count < Self.maximumFiles,
            files[user] != nil || files.count < Self.maximumUsers
        else { return "The store is full. Delete a file first." }
        shelf[name] = text
        files[user] = shelf
        return nil
    }

    /// Whether a user has a file of this name.
    func holds(_ name: String, for user: String) -> Bool { (files[user] ?? Self.first)[name] != nil }

    /// Deletes a file; returns whether it existed.
    func delete(_ name: String, for user: String) -> Bool {
        guard holds(name, for: user) else { return false }
        var shelf = files[user] ?? Self.first
        shelf[name] = nil
        files[user] = shelf
        return true
    }

    /// Whether a text is a valid file name.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
    }

    /// The files of a new user.
    private static let first = ["welcome.txt": "Welcome. These files are yours."]

    /// ASCII only, so that a name looks the same on every page and in every log.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._".utf8.contains(byte)
        }
    }
}
