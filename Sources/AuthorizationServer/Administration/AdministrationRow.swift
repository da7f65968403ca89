import JOSE
import OAuth

extension JSON {
    /// A string, or null.
    init(_ text: String?) {
        self = text.map(JSON.string) ?? .null
    }

    /// A time in RFC 3339 format, or null.
    init(_ time: Timestamp?) {
        self = time.map { .string($0.rfc3339) } ?? .null
    }

    /// A number, or null.
    init(_ number: Int?) {
        self = number.map { .integer(Int64($0)) } ?? .null
    }
}

extension JSONObject {
    /// The row of a command that also revokes sessions, with their number, which may be zero.
    func counting(revokedSessions count: Int) -> JSONObject {
        var row = self
        row["sessions_ended"] = .integer(Int64(count))
        return row
    }
}
