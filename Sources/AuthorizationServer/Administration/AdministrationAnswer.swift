package import JOSE

/// The answer to a request: one object or a list of objects, with their fields in a fixed order, and remarks about it.
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
    /// A remark for the reader of a table; `--json` does not print it.
    package let note: String?
    /// A warning on standard error, with `--json` too, such as that the list has more pages.
    package let warning: String?
    /// The value of `--after` for the next page; nil on the last page.
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

    /// The list with the rows of the next page appended.
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

    /// A page of a list as `--page` prints it, with the cursor of the next page.
    package var pageJSON: JSON {
        .object(["items": .array(rows.map(JSON.object)), "next": next.map(JSON.string) ?? .null])
    }
}

extension AdministrationAnswer {
    /// The limits of the strict JSON reader, raised for long lists.
    private static let limits = JSON.Limits(bytes: 1 << 30, depth: 16, members: 10_000_000)

    /// The JSON of an answer or an error on the admin socket.
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

    /// Parses the JSON from the admin socket. An error in it is thrown.
    package init(parsing bytes: [UInt8]) throws(AdministrationError) {
        guard let message = try? JSONObject(parsing: bytes, limits: Self.limits),
            message["version"]?.integer == Int64(AdministrationMessage.currentVersion)
        else { throw Self.incompatible }
        if let error = message["error"]?.object {
            throw AdministrationError(
                error["kind"]?.string.flatMap(AdministrationError.Kind.init) ?? .unavailable,
                error["message"]?.string ?? "The server refused the request without a reason.")
        }
        guard let shape = message["shape"]?.string.flatMap(Shape.init), let rows = message["rows"]?.array else {
            throw Self.incompatible
        }
        self.init(
            shape: shape, rows: rows.compactMap(\.object), note: message["note"]?.string,
            warning: message["warning"]?.string, next: message["next"]?.string)
    }

    private static let incompatible = AdministrationError(
        .unavailable, "Cannot read the server's answer. Use the gatehouse command of the server's version.")
}
