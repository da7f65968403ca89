/// Whether a session may be used now is decided in one place in Swift and in one place in SQL.
enum StandingPlaceRule {
    /// What decides it, and the only files that may look at it.
    private static let places: [(what: [String], files: Set<String>)] = [
        (["userIsDisabled", "clientIsBlocked", "hostIsExcluded", "resourceIsGone"], ["SessionGrant", "StandingRule"]),
        (["hasAccessRule"], ["SessionGrant", "SessionAccess", "IntrospectionEndpoint"]),
        (["access.rule(at"], ["SessionAccess", "UserAccess"]),
        (["isShutOut("], ["ClientDirectory", "StandingRule"]),
        (["'approved', 'active'", "last_used_at +"], ["SessionLife"]),
    ]

    /// Every other file that decides it by itself; migrations are history.
    static func violations(in file: RepositoryFile) -> [String] {
        guard !file.path.contains("/Migrations/") else { return [] }
        return places.filter { !$0.files.contains(file.baseName) }.flatMap(\.what).filter(file.text.contains).map {
            "\(file.path): decides by '\($0)' whether a session may be used"
        }
    }
}
