package import OAuth

/// A redirect, or a prefix of redirects, that an administrator allows to clients that register themselves.
package struct AllowedRedirect: Hashable, Sendable {
    package let pattern: RedirectPattern
    package let createdAt: Timestamp

    /// A permission in its stored form.
    package init(_ pattern: RedirectPattern, createdAt: Timestamp) {
        self.pattern = pattern
        self.createdAt = createdAt
    }
}

/// The redirects that administrators allow to clients that register themselves.
package struct AllowedRedirects: Noun {
    let transaction: Transaction
}

extension AllowedRedirects {
    /// Allows a redirect; false if it is allowed already.
    package func insert(_ redirect: AllowedRedirect) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute(
            "INSERT INTO allowed_redirects (pattern, created_at) VALUES (?1, ?2) ON CONFLICT (pattern) DO NOTHING",
            redirect.pattern.string, redirect.createdAt.seconds) == 1
    }

    /// Whether an administrator allows this redirect, itself or by a prefix.
    package func admits(_ redirect: RedirectURI) throws -> Bool {
        // At most 17 look-ups by key, however many permissions exist.
        try RedirectPattern.covering(redirect).contains { pattern in
            try first("SELECT 1 FROM allowed_redirects WHERE pattern = ?1", pattern) { _ in true } ?? false
        }
    }

    /// The permission with exactly this pattern.
    package func find(_ pattern: String) throws -> AllowedRedirect? {
        try first("SELECT pattern, created_at FROM allowed_redirects WHERE pattern = ?1", pattern) {
            try permission($0)
        }
    }

    /// At most `limit` permissions by pattern, behind the given one.
    package func list(after pattern: String? = nil, limit: Int) throws -> [AllowedRedirect] {
        try all(
            "SELECT pattern, created_at FROM allowed_redirects WHERE pattern > ?1 ORDER BY pattern LIMIT ?2",
            pattern ?? "",
            limit
        ) { try permission($0) }
    }

    /// Removes a permission; false if there is none with this pattern.
    package func remove(_ pattern: String) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute("DELETE FROM allowed_redirects WHERE pattern = ?1", pattern) == 1
    }

    private func permission(_ row: StoredRow) throws -> AllowedRedirect {
        AllowedRedirect(try RedirectPattern(row.text(0)), createdAt: try row.time(1))
    }
}
