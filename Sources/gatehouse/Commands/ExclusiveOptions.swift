import ArgumentParser

/// Options of which a command takes one alone, such as the ways to say which sessions are meant.
struct ExclusiveOptions {
    /// What stands on the command line, in the order of the help.
    private let said: [String]

    /// Each option with whether it was said.
    init(_ options: [(name: String, isSaid: Bool)]) {
        said = options.filter(\.isSaid).map(\.name)
    }

    var isEmpty: Bool { said.isEmpty }

    /// Refuses two of them by their names.
    func requireOne() throws {
        guard said.count > 1 else { return }
        throw ValidationError("\(said[0]) and \(said[1]) exclude each other; leave one of them out.")
    }
}
