import JOSE
import OAuth
import Storage

/// The administration of the redirects that clients may register themselves with.
struct RedirectAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: RedirectRequest) async throws -> AdministrationAnswer {
        switch request {
        case .allow(let text, let reason): try await allow(text, reason)
        case .list(let page): try await list(page)
        case .remove(let text, let reason): try await remove(text, reason)
        }
    }

    private func allow(_ text: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let pattern = try RedirectPattern(text)
        if let known = KnownRedirects.shipped.entry(with: pattern.string) {
            throw AdministrationError(
                .conflict, "'\(pattern)' is allowed already: it is a redirect of \(known.vendor).")
        }
        return try await store.write { transaction in
            let permission = AllowedRedirect(pattern, createdAt: now)
            guard try transaction.allowedRedirects.insert(permission) else {
                throw AdministrationError(.conflict, "'\(pattern)' is allowed already.")
            }
            try audit(transaction, .redirectAllowed, reason: "redirect \(pattern)", explanation: reason)
            return .one(permission.row, warning: Self.warning(about: pattern))
        }
    }

    /// What an administrator should know who allows this pattern.
    private static func warning(about pattern: RedirectPattern) -> String? {
        if let scheme = pattern.ownScheme, !scheme.isFamiliar {
            return
                "Any app on a device can claim the scheme '\(scheme):' and receive the response. The consent page says so."
        }
        guard pattern.isPrefix else { return nil }
        return
            "Any client can now register every redirect below '\(pattern.string.dropLast())'. Allow only a path below which "
            + "nobody else publishes pages."
    }

    /// One page: the list that ships, then the permissions of administrators by their pattern.
    private func list(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { text in
                try KnownRedirects.shipped.entry(with: text)?.pattern.string
                    ?? transaction.allowedRedirects.find(text)?.pattern.string
            }
            let page = try Page(
                request, of: "redirect", read: { try Self.listed(after: place, limit: $0, transaction) }, place: \.place
            )
            return .many(page.items.map(\.row), warning: page.warning, next: page.next)
        }
    }

    private static func listed(
        after place: String?, limit: Int, _ transaction: Transaction
    ) throws -> [(place: String, row: JSONObject)] {
        let known = KnownRedirects.shipped.entries
        let last = known.lastIndex { $0.pattern.string == place }
        // Behind a permission, the list that ships is over.
        let isAmongKnown = place == nil || last != nil
        let rest = isAmongKnown ? known[(last.map { $0 + 1 } ?? 0)...].prefix(limit) : []
        let allowed = try transaction.allowedRedirects.list(
            after: isAmongKnown ? nil : place, limit: limit - rest.count)
        return rest.map { ($0.pattern.string, $0.row) } + allowed.map { ($0.pattern.string, $0.row) }
    }

    private func remove(_ text: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        // A scheme may be spelled in another case than the list stores it.
        let pattern = (try? RedirectPattern(text))?.string ?? text
        return try await store.write { transaction in
            guard let permission = try transaction.allowedRedirects.find(pattern),
                try transaction.allowedRedirects.remove(pattern)
            else { throw Self.notFound(pattern) }
            try audit(transaction, .redirectRemoved, reason: "redirect \(pattern)", explanation: reason)
            return .one(
                permission.row,
                note:
                    "No client can register it any more, and clients that registered themselves with it begin no new session there. "
                    + "Sessions continue; revoke those of a client with 'gatehouse clients block CLIENT_ID'.")
        }
    }

    private static func notFound(_ pattern: String) -> AdministrationError {
        guard let known = KnownRedirects.shipped.entry(with: pattern) else {
            return AdministrationError(
                .notFound, "Redirect '\(pattern)' not found. List redirects with 'gatehouse clients redirects list'.")
        }
        return AdministrationError(
            .invalid,
            "'\(pattern)' is a redirect of \(known.vendor) in the list that ships with Gatehouse, from which nothing can be "
                + "removed. To end registration, set clients.registration to 'token' or 'off'; clients that are registered already keep "
                + "their redirects until 'gatehouse clients remove' or 'block'.")
    }
}

extension KnownRedirect {
    fileprivate var row: JSONObject {
        [
            "redirect": .string(pattern.string), "origin": "known", "vendor": .string(vendor),
            "shared": .bool(isShared),
            "source": .string(source), "date": .string(date), "created_at": .null,
        ]
    }
}

extension AllowedRedirect {
    fileprivate var row: JSONObject {
        [
            "redirect": .string(pattern.string), "origin": "allowed", "vendor": .null, "shared": .null, "source": .null,
            "date": .null, "created_at": .string(createdAt.rfc3339),
        ]
    }
}
