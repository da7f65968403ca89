import Foundation

/// The limit of open files and connections of this process. Each long poll holds one. The inherited soft limit is low for the sake
/// of programs that use `select`; Gatehouse does not.
enum FileLimit {
    /// Raises the soft limit to the hard limit and returns the resulting limit. If that fails, the soft limit stays.
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
