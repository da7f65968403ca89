package import JOSE

/// What an operator gets back: one object or a list of them, their fields in a settled order, and perhaps a remark.
package struct AdministrationAnswer: Hashable, Sendable {
    /// Whether the answer is one object or a list.
    package enum Shape: String, Sendable {
        /// One object.
        case one
        /// A list, which may be empty.
        case many
    }

    /// Whether the answer is one object or a list.
    package let shape: Shape
    /// The objects.
    package let rows: [JSONObject]
    /// What a person should know besides; never part of the `--json` output.
    package let note: String?
    /// What even a program must be told, such as that the list is not whole.
    package let warning: String?
    /// Where a list goes on, in the words that `--after` takes.
    package let next: String?

    /// One object.
    package static func one(_ row: JSONObject, note: String? = nil, warning: String? = nil) -> Self {
        Self(shape: .one, rows: [row], note: note, warning: warning, next: nil)
    }

    /// A list of objects.
    package static func many(
        _ rows: [JSONObject], note: String? = nil, warning: String? = nil, next: String? = nil
    ) -> Self {
        Self(shape: .many, rows: rows, note: note, warning: warning, next: next)
    }

    /// The list with what stands on the page behind it.
    package func joined(with page: AdministrationAnswer) -> AdministrationAnswer {
        .many(
            rows + page.rows, note: page.note ?? note, warning: page.next == nil ? nil : page.warning, next: page.next)
    }

    /// The answer as `--json` prints it.
    package var json: JSON {
        switch shape {
        case .one: .object(rows.first ?? JSONObject())
        case .many: .array(rows.map(JSON.object))
        }
    }

    /// A page of a list as `--page` prints it: programs find there where it goes on.
    package var pageJSON: JSON {
        .object(["items": .array(rows.map(JSON.object)), "next": next.map(JSON.string) ?? .null])
    }
}

extension AdministrationAnswer {
    /// A listing can be long; everything else of the strict reader's limits stays.
    private static let limits = JSON.Limits(bytes: 1 << 30, depth: 16, members: 10_000_000)

    /// The bytes that travel over the admin socket for an answer or a refusal.
    package static func bytes(_ outcome: Result<AdministrationAnswer, AdministrationError>) -> [UInt8] {
        var message: JSONObject = ["version": .integer(Int64(AdministrationMessage.currentVersion))]
        switch outcome {
        case .success(let answer):
            message["shape"] = .string(answer.shape.rawValue)
            message["rows"] = .array(answer.rows.map(JSON.object))
            message["note"] = answer.note.map(JSON.string)
            message["warning"] = answer.warning.map(JSON.string)
            message["next"] = answer.next.map(JSON.string)
        case .failure(let error):
            message["error"] = .object(["kind": .string(error.kind.rawValue), "message": .string(error.description)])
        }
        return JSON.object(message).bytes
    }

    /// Reads what came over the admin socket.
    package init(parsing bytes: [UInt8]) throws(AdministrationError) {
        guard let message = try? JSONObject(parsing: bytes, limits: Self.limits),
            message["version"]?.integer == Int64(AdministrationMessage.currentVersion)
        else { throw Self.notUnderstood }
        if let error = message["error"]?.object {
            throw AdministrationError(
                error["kind"]?.string.flatMap(AdministrationError.Kind.init) ?? .unavailable,
                error["message"]?.string ?? "The server refused without a reason.")
        }
        guard let shape = message["shape"]?.string.flatMap(Shape.init), let rows = message["rows"]?.array else {
            throw Self.notUnderstood
        }
        self.init(
            shape: shape, rows: rows.compactMap(\.object), note: message["note"]?.string,
            warning: message["warning"]?.string, next: message["next"]?.string)
    }

    private static let notUnderstood = AdministrationError(
        .unavailable, "The server's answer is not understood; use the gatehouse command of the server's own version.")
}
