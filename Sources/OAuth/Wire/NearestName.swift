/// Finds the known name that an unknown one was probably meant to be.
package enum NearestName {
    /// The longest part of an unknown name that is compared, in bytes: a caller chooses the name.
    private static let longest = 100

    /// The known name with the smallest edit distance to `unknown`; of equally near ones the first.
    package static func of(_ unknown: String, among names: [String]) -> String? {
        let letters = Array(unknown.utf8.prefix(longest))
        return names.min { distance(letters, Array($0.utf8)) < distance(letters, Array($1.utf8)) }
    }

    /// The number of letters to insert, delete or replace (Levenshtein distance).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var previous = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (letter == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
