/// The text files of each person, in memory and within bounds.
actor FileStore {
    static let maximumPeople = 1000
    static let maximumFiles = 20
    static let maximumText = 4096

    private var files: [String: [String: String]] = [:]

    /// The names of a person's files, in order.
    func names(of person: String) -> [String] {
        (files[person] ?? Self.first).keys.sorted()
    }

    /// Keeps a text; nil when it is, else the sentence that says why not.
    func write(_ text: String, as name: String, for person: String) -> String? {
        guard Self.isName(name) else {
            return "A file name is 1 to 64 letters, digits, dots, dashes and underscores."
        }
        guard text.utf8.count <= Self.maximumText else { return "A file holds at most \(Self.maximumText) bytes." }
        var shelf = files[person] ?? Self.first
        guard shelf[name] != nil || shelf.count < Self.maximumFiles,
            files[person] != nil || files.count < Self.maximumPeople
        else { return "The shelf is full." }
        shelf[name] = text
        files[person] = shelf
        return nil
    }

    /// Whether a person has a file of this name.
    func holds(_ name: String, for person: String) -> Bool { (files[person] ?? Self.first)[name] != nil }

    /// Takes a file away; whether it was there.
    func delete(_ name: String, for person: String) -> Bool {
        guard holds(name, for: person) else { return false }
        var shelf = files[person] ?? Self.first
        shelf[name] = nil
        files[person] = shelf
        return true
    }

    /// Whether a text is a name such as files have here.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
    }

    private static let first = ["welcome.txt": "This shelf is yours."]

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._".utf8.contains(byte)
        }
    }
}
