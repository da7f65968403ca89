import ArgumentParser
import AuthorizationServer

/// What scopes reach: the scopes that they include, the tools that they unlock, and the sign-in that they require.
struct ScopeReachOptions: ParsableArguments {
    @Option(
        help: """
            Scope that includes another one, such as 'files:write=files:read' (repeatable, replaces what the scope includes; 'files:write=' clears it).
            """)
    var implies: [ScopeAssignment] = []
    @Option(
        help: """
            Tool that a scope unlocks, shown on the consent page, such as 'files:write=write_file' (repeatable, replaces the tools of the scope; 'files:write=' clears them).
            """)
    var tool: [ScopeAssignment] = []
    @Option(
        help: """
            Maximum age of the sign-in with which a scope is approved, such as 'files:write=5m' (repeatable; 'files:write=' clears it).
            """)
    var freshSignIn: [ScopeFreshness] = []

    var changes: ScopeChanges {
        ScopeChanges(
            implies: implies.map(\.assignment), tools: tool.map(\.assignment), freshSignIn: freshSignIn.map(\.freshness)
        )
    }
}

/// `SCOPE=VALUE`; the value may be empty.
struct ScopeAssignment: ExpressibleByArgument {
    let assignment: ScopeChanges.Assignment

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        assignment = ScopeChanges.Assignment(scope: parts[0], value: parts[1])
    }
}

/// `SCOPE=5m`; the duration may be empty.
struct ScopeFreshness: ExpressibleByArgument {
    let freshness: ScopeChanges.Freshness

    init?(argument: String) {
        guard let typed = ScopeAssignment(argument: argument)?.assignment else { return nil }
        let duration = DurationValue(typed.value)
        guard typed.value.isEmpty || duration != nil else { return nil }
        freshness = ScopeChanges.Freshness(scope: typed.scope, seconds: duration?.seconds)
    }
}
