import CEmbedded

/// What this program was built from. It has no time: the same sources make the same program.
struct BuildVersion: CustomStringConvertible {
    /// The version of this program.
    static let current = BuildVersion(number: "0.1.0", commit: String(cString: CEmbedded_commit()))

    let number: String
    /// The commit of the sources, which `make release` tells the compiler; empty in other builds.
    let commit: String

    var description: String { "\(number) (commit \(knownCommit))" }

    /// The version as a metric whose value is always 1.
    var metric: String {
        """
        # HELP gatehouse_build_info The version of the server and the commit of its sources.
        # TYPE gatehouse_build_info gauge
        gatehouse_build_info{version="\(number)",commit="\(knownCommit)"} 1

        """
    }

    private var knownCommit: String { commit.isEmpty ? "unknown" : commit }
}
