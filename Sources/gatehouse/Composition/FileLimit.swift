import Foundation

/// How many files and connections this process may have open. Each long poll is one, and the soft limit that a process
/// inherits is kept low for programs that use `select`, which this one does not.
enum FileLimit {
    /// Raises the soft limit to the hard one and returns what holds then; what cannot be raised stays.
    static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(openFiles, &limit) == 0 else { return 0 }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        return UInt64(setrlimit(openFiles, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur)
    }

    #if canImport(Glibc)
        private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let openFiles = RLIMIT_NOFILE
    #endif
}
