import ArgumentParser
import AuthorizationServer

/// What scopes reach: which they include, which tools they unlock, and how fresh a sign-in they want.
struct ScopeReachOptions: ParsableArguments {
    @Option(
        help: """
            A scope that includes another, such as 'files:write=files:read'; repeatable, replaces what the scope on the left includes; nothing on the right clears it.
            """)
    var implies: [ScopeAssignment] = []
    @Option(
        help: """
            A scope and a tool that it unlocks, shown under it when a person approves, such as 'files:write=write_file'; repeatable, replaces the scope's tools; nothing on the right clears them.
            """)
    var tool: [ScopeAssignment] = []
    @Option(
        help: """
            A scope that is approved only within so long after a sign-in, such as 'files:write=5m'; repeatable; nothing on the right clears it.
            """)
    var freshSignIn: [ScopeFreshness] = []

    var changes: ScopeChanges {
        ScopeChanges(
            implies: implies.map(\.assignment), tools: tool.map(\.assignment), freshSignIn: freshSignIn.map(\.freshness)
        )
    }
}

/// `SCOPE=VALUE`, of which the value may be empty.
struct ScopeAssignment: ExpressibleByArgument {
    let assignment: ScopeChanges.Assignment

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        assignment = ScopeChanges.Assignment(scope: parts[0], value: parts[1])
    }
}

/// `SCOPE=5m`, of which the length of time may be missing.
struct ScopeFreshness: ExpressibleByArgument {
    let freshness: ScopeChanges.Freshness

    init?(argument: String) {
        guard let typed = ScopeAssignment(argument: argument)?.assignment else { return nil }
        let duration = DurationValue(typed.value)
        guard typed.value.isEmpty || duration != nil else { return nil }
        freshness = ScopeChanges.Freshness(scope: typed.scope, seconds: duration?.seconds)
    }
}
