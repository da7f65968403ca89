import ArgumentParser

/// Options of which a command accepts only one, such as the ways to select sessions.
struct ExclusiveOptions {
    /// The names of the options on the command line, in the order of the help.
    private let given: [String]

    /// Each option, and whether it is on the command line.
    init(_ options: [(name: String, isGiven: Bool)]) {
        given = options.filter(\.isGiven).map(\.name)
    }

    var isEmpty: Bool { given.isEmpty }

    /// Throws if more than one option is given, and names two of them.
    func requireOne() throws {
        guard given.count > 1 else { return }
        throw ValidationError("\(given[0]) and \(given[1]) cannot be combined.")
    }
}
