import OAuth

extension Timestamp {
    /// Day and minute as the pages write them, such as `2026-11-21 08:15 UTC`.
    var shown: String {
        let text = rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// The same to the second, where several have to be told apart.
    var shownToTheSecond: String {
        let text = rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }
}
